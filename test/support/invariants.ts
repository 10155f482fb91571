import pg from 'pg'
import { databaseUrl } from './cluster.js'
import type { World } from './world.js'

/** What holds of a database at any moment, each as a query for what breaks it. */
const rules: Readonly<Record<string, string>> = {
  'sequences have no gap': `
    SELECT c.id, c.last_sequence, count(m.id)::int AS messages, max(m.sequence) AS newest
      FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id
     GROUP BY c.id
    HAVING count(m.id) <> c.last_sequence OR coalesce(max(m.sequence), 0) <> c.last_sequence OR min(m.sequence) <> 1`,

  'positions have no gap': `
    SELECT s.user_id, s."position", count(u."position")::int AS rows, max(u."position") AS newest
      FROM user_streams s LEFT JOIN updates u ON u.user_id = s.user_id
     GROUP BY s.user_id
    HAVING count(DISTINCT u."position") <> s."position" OR count(u."position") <> s."position"
        OR coalesce(max(u."position"), 0) <> s."position"`,

  'time never falls in a stream': `
    SELECT * FROM (
      SELECT u.user_id, u."position", u.at, lag(u.at) OVER stream AS before, s.at AS head,
             lead(u."position") OVER stream IS NULL AS is_last
        FROM updates u JOIN user_streams s ON s.user_id = u.user_id
      WINDOW stream AS (PARTITION BY u.user_id ORDER BY u."position")) x
     WHERE x.at < x.before OR x.is_last AND x.at <> x.head`,

  'unread is what a count gives': `
    SELECT p.conversation_id, p.user_id, p.unread, count(m.id)::int AS counted
      FROM participants p
      LEFT JOIN messages m ON m.conversation_id = p.conversation_id AND m.sequence > p.last_read_sequence
       AND m.kind IN ('TEXT', 'ATTACHMENT', 'MIXED') AND m.deleted_at IS NULL AND m.sender_id IS DISTINCT FROM p.user_id
       AND (m.id, p.user_id) NOT IN (SELECT h.message_id, h.user_id FROM hidden h)
       AND m.sequence IN (
         SELECT generate_series(s.from_sequence, coalesce(s.to_sequence, c.last_sequence))
           FROM memberships s JOIN conversations c ON c.id = s.conversation_id
          WHERE s.conversation_id = p.conversation_id AND s.user_id = p.user_id)
     GROUP BY p.id HAVING p.unread <> count(m.id)`,

  'the totals are the sums': `
    SELECT s.user_id, s.unread, s.unread_conversations, coalesce(sum(p.unread), 0)::int AS counted,
           count(*) FILTER (WHERE p.unread > 0 OR p.is_marked_unread)::int AS counted_conversations
      FROM user_streams s LEFT JOIN participants p ON p.user_id = s.user_id AND p.archived_at IS NULL
     GROUP BY s.user_id
    HAVING s.unread <> coalesce(sum(p.unread), 0)
        OR s.unread_conversations <> count(*) FILTER (WHERE p.unread > 0 OR p.is_marked_unread)`,

  'the last update of a conversation carries its counter': `
    SELECT * FROM (
      SELECT DISTINCT ON (u.user_id, u.conversation_id) u.user_id, u.conversation_id, u.kind, u.conversation_unread, p.unread
        FROM updates u
        LEFT JOIN participants p ON p.conversation_id = u.conversation_id AND p.user_id = u.user_id
       WHERE u.conversation_id IS NOT NULL
       ORDER BY u.user_id, u.conversation_id, u."position" DESC) x
     WHERE x.conversation_unread IS DISTINCT FROM x.unread`,

  'the last update of a person carries their total': `
    SELECT u.user_id, u.kind, u.viewer_unread, s.unread
      FROM user_streams s JOIN updates u ON u.user_id = s.user_id AND u."position" = s."position"
     WHERE u.viewer_unread <> s.unread`,

  'whoever may see a message was told of it once, and nobody else': `
    SELECT coalesce(told.message_id, due.message_id) AS message_id, coalesce(told.user_id, due.user_id) AS user_id,
           told.times, due.user_id IS NOT NULL AS is_due
      FROM (SELECT u.message_id, u.user_id, count(*)::int AS times FROM updates u WHERE u.kind = 'MESSAGE_SENT' GROUP BY 1, 2) told
      FULL JOIN (
        SELECT m.id AS message_id, s.user_id FROM messages m
          JOIN memberships s ON s.conversation_id = m.conversation_id AND m.sequence >= s.from_sequence
           AND m.sequence <= coalesce(s.to_sequence, m.sequence)
         WHERE NOT m.is_imported
           AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = s.user_id AND h.message_id = m.id AND h.reason = 'BLOCKED')
      ) due ON due.message_id = told.message_id AND due.user_id = told.user_id
     WHERE told.user_id IS NULL OR due.user_id IS NULL OR told.times <> 1`,

  'messages come in their order': `
    SELECT * FROM (
      SELECT u.user_id, u.conversation_id, u."position", u.sequence,
             lag(u.sequence) OVER (PARTITION BY u.user_id, u.conversation_id ORDER BY u."position") AS before
        FROM updates u WHERE u.kind = 'MESSAGE_SENT') x
     WHERE x.sequence <= x.before`,

  'edits and deletions reach only whoever may see the message': `
    SELECT u.user_id, u.kind, u.message_id FROM updates u JOIN messages m ON m.id = u.message_id
     WHERE u.kind IN ('MESSAGE_EDITED', 'MESSAGE_DELETED') AND NOT EXISTS (
       SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = u.user_id
          AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence))`,

  'a tombstone is told of once to each who sees it': `
    SELECT m.id, s.user_id, count(u."position")::int AS times
      FROM messages m
      JOIN memberships s ON s.conversation_id = m.conversation_id
       AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence)
      LEFT JOIN updates u ON u.user_id = s.user_id AND u.message_id = m.id AND u.kind = 'MESSAGE_DELETED'
     WHERE m.deleted_at IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = s.user_id AND h.message_id = m.id)
     GROUP BY m.id, s.user_id HAVING count(u."position") <> 1`,

  'who takes part has one open stay, who left has none': `
    SELECT p.conversation_id, p.user_id, p.left_at, count(s.from_sequence)::int AS open_stays
      FROM participants p
      LEFT JOIN memberships s ON s.conversation_id = p.conversation_id AND s.user_id = p.user_id AND s.to_sequence IS NULL
     GROUP BY p.id HAVING count(s.from_sequence) <> (p.left_at IS NULL)::int`,

  'stays do not overlap': `
    SELECT a.conversation_id, a.user_id, a.from_sequence, a.to_sequence, b.from_sequence AS next
      FROM memberships a
      JOIN memberships b ON b.conversation_id = a.conversation_id AND b.user_id = a.user_id AND b.from_sequence > a.from_sequence
     WHERE a.to_sequence IS NULL OR a.to_sequence >= b.from_sequence`,

  'an open group has an owner': `
    SELECT c.id FROM conversations c
     WHERE c.kind = 'GROUP' AND c.closed_at IS NULL AND NOT EXISTS (
       SELECT 1 FROM participants p WHERE p.conversation_id = c.id AND p.left_at IS NULL AND p.role = 'OWNER')`,

  'watermarks are what the receipts say, and at least where the imported history ends': `
    SELECT p.conversation_id, p.user_id, p.last_read_sequence, p.last_delivered_sequence, r.read, r.delivered
      FROM participants p
     CROSS JOIN LATERAL (
       SELECT coalesce(max(m.sequence), 0) AS sequence
         FROM messages m JOIN memberships s ON s.conversation_id = m.conversation_id
          AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence)
        WHERE m.conversation_id = p.conversation_id AND s.user_id = p.user_id AND m.is_imported) imported
     CROSS JOIN LATERAL (
       SELECT coalesce(max(r.up_to_sequence) FILTER (WHERE r.kind = 'READ'), 0) AS read,
              coalesce(max(r.up_to_sequence), 0) AS delivered
         FROM receipts r WHERE r.conversation_id = p.conversation_id AND r.user_id = p.user_id) r
     WHERE p.last_read_sequence <> greatest(r.read, imported.sequence)
        OR p.last_delivered_sequence <> greatest(r.delivered, imported.sequence)`,

  'the newest message is the newest one seen': `
    SELECT p.conversation_id, p.user_id, p.last_message_sequence, newest.sequence
      FROM participants p
     CROSS JOIN LATERAL (
       SELECT max(m.sequence) AS sequence FROM messages m
         JOIN memberships s ON s.conversation_id = m.conversation_id AND s.user_id = p.user_id
          AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence)
        WHERE m.conversation_id = p.conversation_id
          AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = m.id)) newest
     WHERE p.last_message_sequence IS DISTINCT FROM newest.sequence`,

  'reactions and mentions are counted': `
    SELECT * FROM (
      SELECT m.id, m.reaction_count, m.mention_count,
             (SELECT count(*)::int FROM reactions r WHERE r.message_id = m.id) AS reactions,
             (SELECT count(*)::int FROM mentions n WHERE n.message_id = m.id) AS mentions
        FROM messages m) x
     WHERE x.reaction_count <> x.reactions OR x.mention_count <> x.mentions`,

  'of a tombstone nothing is left': `
    SELECT m.id FROM messages m
     WHERE m.deleted_at IS NOT NULL AND (
       m.body_sealed IS NOT NULL OR m.pinned_at IS NOT NULL OR m.pinned_by_id IS NOT NULL
       OR EXISTS (SELECT 1 FROM reactions r WHERE r.message_id = m.id)
       OR EXISTS (SELECT 1 FROM mentions n WHERE n.message_id = m.id)
       OR EXISTS (SELECT 1 FROM message_revisions v WHERE v.message_id = m.id))`,

  'a SYSTEM message bears no reaction, pin, mention or acknowledgement': `
    SELECT m.id FROM messages m
     WHERE m.kind = 'SYSTEM' AND (
       m.pinned_at IS NOT NULL OR m.reaction_count > 0 OR m.mention_count > 0 OR m.priority <> 'ROUTINE'
       OR EXISTS (SELECT 1 FROM acknowledgements a WHERE a.message_id = m.id))`,

  'at most 50 messages of a conversation are pinned': `
    SELECT m.conversation_id, count(*)::int AS pins FROM messages m WHERE m.pinned_at IS NOT NULL
     GROUP BY m.conversation_id HAVING count(*) > 50`,

  'at most 20 kinds of reaction are on a message': `
    SELECT r.message_id, count(DISTINCT r.emoji)::int AS kinds FROM reactions r
     GROUP BY r.message_id HAVING count(DISTINCT r.emoji) > 20`,

  'only who could see a message reacted to it, acknowledged it or is mentioned in it': `
    SELECT x.message_id, x.user_id, x.what
      FROM (SELECT r.message_id, r.user_id, 'reacted' AS what FROM reactions r
            UNION ALL SELECT a.message_id, a.user_id, 'acknowledged' FROM acknowledgements a
            UNION ALL SELECT n.message_id, n.user_id, 'mentioned' FROM mentions n) x
      JOIN messages m ON m.id = x.message_id
     WHERE NOT EXISTS (
       SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = x.user_id
          AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence))`,

  'only urgent messages are acknowledged, by others than the sender': `
    SELECT a.message_id, a.user_id FROM acknowledgements a JOIN messages m ON m.id = a.message_id
     WHERE m.priority <> 'URGENT' OR m.sender_id = a.user_id`,

  'who acknowledged was told so once, and so was the sender at most; nobody else': `
    SELECT coalesce(a.message_id, t.message_id) AS message_id, coalesce(a.user_id, t.actor_id) AS actor_id, t.user_id, t.times
      FROM acknowledgements a
      FULL JOIN (
        SELECT u.message_id, u.actor_id, u.user_id, count(*)::int AS times FROM updates u
         WHERE u.kind = 'MESSAGE_ACKNOWLEDGED' GROUP BY 1, 2, 3) t
        ON t.message_id = a.message_id AND t.actor_id = a.user_id
      LEFT JOIN messages m ON m.id = t.message_id
     WHERE a.user_id IS NULL OR t.user_id IS NULL OR t.times <> 1 OR t.user_id NOT IN (t.actor_id, m.sender_id)
        OR NOT EXISTS (SELECT 1 FROM updates u WHERE u.kind = 'MESSAGE_ACKNOWLEDGED' AND u.message_id = a.message_id
                          AND u.actor_id = a.user_id AND u.user_id = a.user_id)`,

  'who reacted was told of each reaction, and of each that they took back': `
    SELECT coalesce(r.message_id, t.message_id) AS message_id, coalesce(r.user_id, t.user_id) AS user_id, t.emoji, t.standing
      FROM reactions r
      FULL JOIN (
        SELECT u.message_id, u.user_id, u.emoji,
               (count(*) FILTER (WHERE u.kind = 'REACTION_ADDED') - count(*) FILTER (WHERE u.kind = 'REACTION_REMOVED'))::int AS standing
          FROM updates u WHERE u.kind IN ('REACTION_ADDED', 'REACTION_REMOVED') AND u.actor_id = u.user_id GROUP BY 1, 2, 3) t
        ON t.message_id = r.message_id AND t.user_id = r.user_id AND t.emoji = r.emoji
      JOIN messages m ON m.id = coalesce(r.message_id, t.message_id) AND m.deleted_at IS NULL
     WHERE coalesce(t.standing, 0) <> (r.user_id IS NOT NULL)::int`,

  'reactions and pins reach only who takes part and sees the message': `
    SELECT u.user_id, u."position", u.kind, u.message_id, part.kind AS part
      FROM updates u
      JOIN messages m ON m.id = u.message_id
      LEFT JOIN LATERAL (
        SELECT o.kind FROM updates o
         WHERE o.user_id = u.user_id AND o.conversation_id = u.conversation_id AND o."position" < u."position"
           AND (o.kind = 'CONVERSATION_OPENED' OR o.kind = 'PARTICIPANT_LEFT' AND o.subject_id = o.user_id)
         ORDER BY o."position" DESC LIMIT 1) part ON true
     WHERE u.kind IN ('REACTION_ADDED', 'REACTION_REMOVED', 'MESSAGE_PINNED', 'MESSAGE_UNPINNED')
       AND (part.kind = 'PARTICIPANT_LEFT'
         OR EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = u.user_id AND h.message_id = u.message_id AND h.at < u.at)
         OR NOT EXISTS (
           SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = u.user_id
              AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence)))`,

  'who takes part was told last what is so of each pin that they see': `
    SELECT m.id, p.user_id, m.pinned_at, last.kind
      FROM messages m
      JOIN participants p ON p.conversation_id = m.conversation_id AND p.left_at IS NULL
      LEFT JOIN LATERAL (
        SELECT u.kind, u.at FROM updates u
         WHERE u.user_id = p.user_id
           AND (u.message_id = m.id AND u.kind IN ('MESSAGE_PINNED', 'MESSAGE_UNPINNED')
             OR u.conversation_id = m.conversation_id AND u.kind = 'CONVERSATION_OPENED')
         ORDER BY u."position" DESC LIMIT 1) last ON true
     WHERE m.deleted_at IS NULL AND m.kind <> 'SYSTEM'
       AND EXISTS (
         SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = p.user_id
            AND m.sequence BETWEEN s.from_sequence AND coalesce(s.to_sequence, m.sequence))
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = m.id)
       AND CASE last.kind WHEN 'MESSAGE_PINNED' THEN m.pinned_at IS NULL
                          WHEN 'MESSAGE_UNPINNED' THEN m.pinned_at IS NOT NULL
                          ELSE m.pinned_at > last.at END`,

  'each message said is on record once': `
    SELECT m.id, count(e.id)::int AS records
      FROM messages m LEFT JOIN audit_events e ON e.subject_id = m.id AND e.action = 'message.send' AND e.outcome = 'ALLOWED'
     WHERE m.kind <> 'SYSTEM' AND NOT m.is_imported
     GROUP BY m.id HAVING count(e.id) <> 1`,

  'each imported message is on record once': `
    SELECT coalesce(m.id, r.message_id) AS id, r.times
      FROM (SELECT x.message_id, count(*)::int AS times
              FROM audit_events e CROSS JOIN LATERAL unnest(e.message_ids) AS x (message_id)
             WHERE e.action = 'message.import' GROUP BY x.message_id) r
      FULL JOIN (SELECT id FROM messages WHERE is_imported) m ON m.id = r.message_id
     WHERE m.id IS NULL OR r.times IS DISTINCT FROM 1`,

  'imported messages stand in front, up to where it is noted, in rising time': `
    SELECT * FROM (
      SELECT m.conversation_id, m.sequence, m.is_imported, m.sent_at, c.imported_until_sequence,
             lag(m.is_imported) OVER walk AS before_is_imported, lag(m.sent_at) OVER walk AS before_at
        FROM messages m JOIN conversations c ON c.id = m.conversation_id
      WINDOW walk AS (PARTITION BY m.conversation_id ORDER BY m.sequence)) x
     WHERE x.is_imported <> (x.sequence <= coalesce(x.imported_until_sequence, 0))
        OR x.is_imported AND (NOT x.before_is_imported OR x.sent_at < x.before_at)`,
}

/** What breaks an invariant, with the first rows that do. Each rule is one statement, so it may be asked under load. */
export async function faultsOf(world: {
  readonly database: Pick<World['database'], 'connectionString'>
}): Promise<{ rule: string; rows: object[] }[]> {
  // Over a large import a rule may take longer than a statement of a node may.
  const client = new pg.Client({ connectionString: world.database.connectionString })
  await client.connect()
  try {
    const faults: { rule: string; rows: object[] }[] = []
    for (const [rule, text] of Object.entries(rules)) {
      const { rows } = await client.query<object>(`${text} LIMIT 5`)
      if (rows.length > 0) faults.push({ rule, rows })
    }
    return faults
  } finally {
    await client.end()
  }
}

/** Deadlocks of a database so far. Connections report theirs as they end, so the caller ends the nodes first. */
export async function deadlocksOf(world: World): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl() })
  await client.connect()
  try {
    const { rows } = await client.query<{ deadlocks: number }>(
      'SELECT deadlocks::int AS deadlocks FROM pg_stat_database WHERE datname = $1',
      [world.database.name],
    )
    return rows[0]?.deadlocks ?? 0
  } finally {
    await client.end()
  }
}
