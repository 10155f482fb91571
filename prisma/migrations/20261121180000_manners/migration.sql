-- Everyday manners: reactions, mentions, pins, urgent messages, marks and archives, receipts in groups.

-- AlterTable
ALTER TABLE "messages" ADD COLUMN "mention_count" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "reaction_count" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "pending_receipts" (
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "delivered_from" INTEGER NOT NULL,
    "read_from" INTEGER NOT NULL,
    "since" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "pending_receipts_pkey" PRIMARY KEY ("conversation_id","user_id")
);

-- CreateTable
CREATE TABLE "urgent_repeats" (
    "message_id" UUID NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "due_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "urgent_repeats_pkey" PRIMARY KEY ("message_id")
);

-- CreateIndex
CREATE INDEX "urgent_repeats_due_at_idx" ON "urgent_repeats"("due_at");

-- CreateIndex
CREATE INDEX "notifications_due_at_idx" ON "notifications"("due_at");

-- CreateIndex
CREATE INDEX "reactions_message_id_user_id_idx" ON "reactions"("message_id", "user_id");

-- AddForeignKey
ALTER TABLE "urgent_repeats" ADD CONSTRAINT "urgent_repeats_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ─── what Prisma can't say ───

CREATE INDEX notifications_unsent_idx ON notifications (due_at, id) WHERE sent_at IS NULL;

-- ─── functions ───
-- What changed has a new name: nodes of the version before go on calling theirs.

-- The lock classes for what concerns one person's part in a conversation: it, then streams. No conversation, so that no
-- send waits for a mark.
CREATE FUNCTION lock_own_part(p_conversation_id uuid, p_user_id uuid, p_stream_ids uuid[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  PERFORM 1 FROM participants p WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id FOR UPDATE;
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (p_stream_ids) ORDER BY s.user_id FOR UPDATE;
END $$;

-- append_updates, for kinds that carry an emoji too.
CREATE FUNCTION append_updates_v2(
  p_user_ids uuid[], p_kind update_kind, p_conversation_id uuid, p_message_id uuid,
  p_actor_id uuid, p_subject_id uuid, p_sequence int, p_emoji text
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  WITH moved AS (
    UPDATE user_streams s
       SET "position" = s."position" + 1, at = greatest(clock_timestamp(), s.at)
     WHERE s.user_id = ANY (p_user_ids)
    RETURNING s.user_id, s."position", s.at, s.unread
  )
  INSERT INTO updates (user_id, "position", at, kind, conversation_id, message_id, actor_id, subject_id,
                       sequence, emoji, conversation_unread, viewer_unread)
  SELECT m.user_id, m."position", m.at, p_kind, p_conversation_id, p_message_id, p_actor_id, p_subject_id,
         p_sequence, p_emoji, p.unread, m.unread
    FROM moved m
    LEFT JOIN participants p ON p.conversation_id = p_conversation_id AND p.user_id = m.user_id;
END $$;

-- Who takes part now and may see a message: the people whom its reactions and pins reach.
CREATE FUNCTION current_message_audience(p_message_id uuid) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT coalesce(array_agg(p.user_id), '{}') FROM messages m
      JOIN participants p ON p.conversation_id = m.conversation_id AND p.left_at IS NULL
     WHERE m.id = p_message_id
       AND EXISTS (SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = p.user_id
                      AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence))
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = m.id));
END $$;

-- Puts a conversation into a person's archive, or takes it out, with their totals. False: it was so already.
-- The caller holds the participant row and the stream.
CREATE FUNCTION set_archived(p_conversation_id uuid, p_user_id uuid, p_is_archived boolean) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v record;
BEGIN
  SELECT p.archived_at, p.unread, p.unread > 0 OR p.is_marked_unread AS counts INTO v
    FROM participants p WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF v IS NULL OR (v.archived_at IS NOT NULL) = p_is_archived THEN RETURN false; END IF;
  UPDATE participants p
     SET archived_at = CASE WHEN p_is_archived THEN date_trunc('milliseconds', clock_timestamp()) END
   WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  UPDATE user_streams s
     SET unread = s.unread + CASE WHEN p_is_archived THEN -v.unread ELSE v.unread END,
         unread_conversations = s.unread_conversations + CASE WHEN p_is_archived THEN -v.counts::int ELSE v.counts::int END
   WHERE s.user_id = p_user_id;
  RETURN true;
END $$;

-- Sets or clears a person's unread mark, with their totals. False: it was so already. Locks as for set_archived.
CREATE FUNCTION set_marked_unread(p_conversation_id uuid, p_user_id uuid, p_is_marked boolean) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v record;
BEGIN
  SELECT p.is_marked_unread, p.unread, p.archived_at INTO v
    FROM participants p WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF v IS NULL OR v.is_marked_unread = p_is_marked THEN RETURN false; END IF;
  UPDATE participants p SET is_marked_unread = p_is_marked
   WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF v.archived_at IS NULL AND v.unread = 0 THEN
    UPDATE user_streams s SET unread_conversations = s.unread_conversations + CASE WHEN p_is_marked THEN 1 ELSE -1 END
     WHERE s.user_id = p_user_id;
  END IF;
  RETURN true;
END $$;

-- Notes that a member of a group has come further than its senders were told; tell_receipts tells them, gathered. In
-- groups of more than 32 nobody is told. The caller holds the participant row, and so does whoever takes the note away.
CREATE FUNCTION note_receipt(p_conversation_id uuid, p_user_id uuid, p_delivered_from int, p_read_from int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO pending_receipts (conversation_id, user_id, delivered_from, read_from)
  SELECT p_conversation_id, p_user_id, p_delivered_from, p_read_from
   WHERE (SELECT count(*) FROM (
            SELECT 1 FROM participants p WHERE p.conversation_id = p_conversation_id AND p.left_at IS NULL LIMIT 33) x) <= 32
  ON CONFLICT DO NOTHING;
END $$;

-- Tells the senders in a group how far others have come since they were last told: of each other one update for what was read, and
-- one for what has come beyond it. Only senders who take part now, and only of messages that the other could see. Whose read
-- receipts are private is told of as delivered. Returns the streams that moved and where they stand now; no row: none did.
CREATE FUNCTION tell_receipts(p_conversation_id uuid) RETURNS TABLE (user_ids uuid[], positions bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_people uuid[];
  v_members uuid[];
  v record;
  v_read uuid[];
  v_delivered uuid[];
  v_told uuid[] := '{}';
BEGIN
  SELECT array_agg(x.user_id) INTO v_people FROM (
    SELECT p.user_id FROM participants p
     WHERE p.conversation_id = p_conversation_id
       AND p.user_id IN (SELECT r.user_id FROM pending_receipts r WHERE r.conversation_id = p_conversation_id)
     ORDER BY p.id FOR UPDATE) x;
  IF v_people IS NULL THEN
    DELETE FROM pending_receipts r
     WHERE r.conversation_id = p_conversation_id
       AND NOT EXISTS (SELECT 1 FROM participants p WHERE p.conversation_id = r.conversation_id AND p.user_id = r.user_id);
    RETURN;
  END IF;
  -- Nobody joins or leaves while one of these rows is held.
  SELECT coalesce(array_agg(p.user_id), '{}') INTO v_members
    FROM participants p WHERE p.conversation_id = p_conversation_id AND p.left_at IS NULL;
  IF cardinality(v_members) > 32 THEN
    DELETE FROM pending_receipts r WHERE r.conversation_id = p_conversation_id AND r.user_id = ANY (v_people);
    RETURN;
  END IF;
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_members) ORDER BY s.user_id FOR UPDATE;

  FOR v IN
    WITH taken AS (
      DELETE FROM pending_receipts r WHERE r.conversation_id = p_conversation_id AND r.user_id = ANY (v_people) RETURNING r.*
    )
    SELECT t.user_id, t.delivered_from, t.read_from, p.last_delivered_sequence AS delivered, p.shown_read_sequence AS seen
      FROM taken t
      JOIN participants p ON p.conversation_id = p_conversation_id AND p.user_id = t.user_id AND p.left_at IS NULL
     ORDER BY t.user_id
  LOOP
    v_read := newly_covered_senders(p_conversation_id, v.user_id, v.read_from, v.seen);
    -- Reading implies delivery: what is told of as read is not told of as delivered, too.
    v_delivered := newly_covered_senders(p_conversation_id, v.user_id, greatest(v.delivered_from, v.seen), v.delivered);
    PERFORM append_receipts(v_read, 'MESSAGES_READ', p_conversation_id, v.user_id, v.seen);
    PERFORM append_receipts(v_delivered, 'MESSAGES_DELIVERED', p_conversation_id, v.user_id, v.delivered);
    v_told := v_told || v_read || v_delivered;
  END LOOP;

  IF cardinality(v_told) > 0 THEN
    RETURN QUERY SELECT array_agg(s.user_id), array_agg(s."position") FROM user_streams s WHERE s.user_id = ANY (v_told);
  END IF;
END $$;

-- Writes one receipt to each of these senders, which names the last message that it covers and they may see themselves.
CREATE FUNCTION append_receipts(p_user_ids uuid[], p_kind update_kind, p_conversation_id uuid, p_subject_id uuid, p_up_to int)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v record;
BEGIN
  FOR v IN
    SELECT last.id, last.sequence, array_agg(q.user_id) AS user_ids
      FROM unnest(p_user_ids) AS q (user_id)
     CROSS JOIN LATERAL (
       SELECT m.id, m.sequence FROM messages m
        WHERE m.conversation_id = p_conversation_id AND m.sequence <= p_up_to
          AND EXISTS (SELECT 1 FROM memberships s WHERE s.conversation_id = m.conversation_id AND s.user_id = q.user_id
                         AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence))
          AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = q.user_id AND h.message_id = m.id)
        ORDER BY m.sequence DESC LIMIT 1) last
     GROUP BY last.id, last.sequence
  LOOP
    PERFORM append_updates(v.user_ids, p_kind, p_conversation_id, v.id, p_subject_id, p_subject_id, v.sequence);
  END LOOP;
END $$;

-- The other members who take part now and whose messages lie in (from, to], as far as this person could see them.
CREATE FUNCTION newly_covered_senders(p_conversation_id uuid, p_user_id uuid, p_from int, p_to int) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    SELECT coalesce(array_agg(DISTINCT m.sender_id), '{}') FROM memberships s
      JOIN messages m ON m.conversation_id = s.conversation_id
       AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence)
      JOIN participants q ON q.conversation_id = m.conversation_id AND q.user_id = m.sender_id AND q.left_at IS NULL
     WHERE s.conversation_id = p_conversation_id AND s.user_id = p_user_id
       AND m.sequence > p_from AND m.sequence <= p_to AND m.sender_id <> p_user_id
       AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p_user_id AND h.message_id = m.id AND h.reason = 'BLOCKED'));
END $$;

-- advance_read, which also clears the unread mark, even without moving, and notes a group's receipt. True: something changed.
-- The caller holds the participant row and the streams of the person and, in DIRECT, of the other.
CREATE FUNCTION advance_read_v2(p_user_id uuid, p_conversation_id uuid, p_message_id uuid, p_sequence int)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  v record;
  v_unread int;
BEGIN
  SELECT p.last_read_sequence, p.last_delivered_sequence, p.shown_read_sequence, p.unread, p.is_marked_unread, p.archived_at,
         p.left_at, u.send_read_receipts, c.kind,
         CASE WHEN c.patient_id = p_user_id THEN c.doctor_id ELSE c.patient_id END AS other_id
    INTO v
    FROM participants p
    JOIN users u ON u.id = p.user_id
    JOIN conversations c ON c.id = p.conversation_id
   WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF p_sequence <= v.last_read_sequence THEN
    IF NOT set_marked_unread(p_conversation_id, p_user_id, false) THEN RETURN false; END IF;
    PERFORM append_updates(ARRAY[p_user_id], 'CONVERSATION_CHANGED', p_conversation_id, NULL, p_user_id, NULL, NULL);
    RETURN true;
  END IF;

  v_unread := CASE WHEN v.unread = 0 THEN 0 ELSE count_unread(p_user_id, p_conversation_id, p_sequence) END;
  UPDATE participants p
     SET last_read_sequence = p_sequence,
         last_delivered_sequence = greatest(p.last_delivered_sequence, p_sequence),
         shown_read_sequence = CASE WHEN v.send_read_receipts THEN p_sequence ELSE p.shown_read_sequence END,
         unread = v_unread,
         is_marked_unread = false
   WHERE p.conversation_id = p_conversation_id AND p.user_id = p_user_id;
  IF v.archived_at IS NULL AND (v.unread <> v_unread OR v.is_marked_unread) THEN
    UPDATE user_streams s
       SET unread = s.unread - v.unread + v_unread,
           unread_conversations = s.unread_conversations
             - (v.unread > 0 OR v.is_marked_unread)::int + (v_unread > 0)::int
     WHERE s.user_id = p_user_id;
  END IF;
  INSERT INTO receipts (conversation_id, user_id, kind, up_to_sequence, at, private)
  VALUES (p_conversation_id, p_user_id, 'READ', p_sequence, clock_timestamp(), NOT v.send_read_receipts);

  PERFORM append_updates(ARRAY[p_user_id], 'MESSAGES_READ', p_conversation_id, p_message_id, p_user_id, p_user_id, p_sequence);
  IF v.kind = 'DIRECT' THEN
    IF v.send_read_receipts THEN
      PERFORM append_updates(ARRAY[v.other_id], 'MESSAGES_READ', p_conversation_id, p_message_id, p_user_id, p_user_id, p_sequence);
    ELSIF p_sequence > v.last_delivered_sequence THEN
      PERFORM append_updates(ARRAY[v.other_id], 'MESSAGES_DELIVERED', p_conversation_id, p_message_id, p_user_id, p_user_id, p_sequence);
    END IF;
  ELSIF v.left_at IS NULL THEN
    PERFORM note_receipt(p_conversation_id, p_user_id, v.last_delivered_sequence, v.shown_read_sequence);
  END IF;
  RETURN true;
END $$;

-- mark_read with advance_read_v2.
CREATE FUNCTION mark_read_v2(
  p_user_ids uuid[], p_conversation_ids uuid[], p_message_ids uuid[], p_request_ids text[], p_addresses text[]
) RETURNS TABLE (ordinal int, outcome text, user_ids uuid[], positions bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_people uuid[];
  v_sequence int;
BEGIN
  PERFORM 1 FROM participants p
    WHERE (p.conversation_id, p.user_id) IN (SELECT x.c, x.u FROM unnest(p_conversation_ids, p_user_ids) AS x (c, u))
    ORDER BY p.id FOR UPDATE;
  SELECT p_user_ids || array_agg(c.patient_id) || array_agg(c.doctor_id) INTO v_people
    FROM conversations c WHERE c.id = ANY (p_conversation_ids) AND c.kind = 'DIRECT';
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_people) ORDER BY s.user_id FOR UPDATE;

  FOR i IN 1 .. cardinality(p_user_ids) LOOP
    ordinal := i;
    IF NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p_user_ids[i] AND u.is_active) THEN
      outcome := 'UNAUTHENTICATED';
    ELSE
      v_sequence := visible_sequence(p_user_ids[i], p_conversation_ids[i], p_message_ids[i]);
      IF v_sequence IS NULL THEN
        outcome := 'NOT_FOUND';
        IF EXISTS (SELECT 1 FROM messages m WHERE m.id = p_message_ids[i]) THEN
          PERFORM record_audit(p_user_ids[i], 'message.mark_read', 'DENIED', 'Message', p_message_ids[i], NULL,
            NULL, NULL, NULL, p_request_ids[i], p_addresses[i]);
        END IF;
      ELSIF advance_read_v2(p_user_ids[i], p_conversation_ids[i], p_message_ids[i], v_sequence) THEN
        outcome := 'READ';
        PERFORM record_audit(p_user_ids[i], 'message.mark_read', 'ALLOWED', 'Message', p_message_ids[i],
          p_conversation_ids[i], NULL, NULL, NULL, p_request_ids[i], p_addresses[i]);
      ELSE
        outcome := 'UNCHANGED';
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;

  ordinal := 0; outcome := 'HINTS';
  SELECT array_agg(s.user_id), array_agg(s."position") INTO user_ids, positions
    FROM user_streams s WHERE s.user_id = ANY (v_people);
  RETURN NEXT;
END $$;

-- mark_delivered, which also notes a group's receipts.
CREATE FUNCTION mark_delivered_v2(
  p_user_id uuid, p_position bigint, p_at timestamptz, p_limit int, p_request_id text, p_address text
) RETURNS TABLE (outcome text, user_ids uuid[], positions bigint[])
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_stream record;
  v_oldest record;
  v_conversation_ids uuid[];
  v_sequences int[];
  v_people uuid[];
  v_move record;
  v_moved int := 0;
BEGIN
  SELECT s."position", s.acknowledged_position, s.acknowledged_at INTO v_stream FROM user_streams s WHERE s.user_id = p_user_id;
  IF p_position > v_stream."position" THEN
    outcome := 'NOT_REACHED';
    RETURN NEXT;
    RETURN;
  END IF;
  IF p_position <= v_stream.acknowledged_position THEN
    outcome := 'DONE';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT u."position", u.at INTO v_oldest FROM updates u
   WHERE u.user_id = p_user_id AND u."position" > v_stream.acknowledged_position AND u.at >= v_stream.acknowledged_at
   ORDER BY u."position" LIMIT 1;

  SELECT coalesce(array_agg(y.conversation_id ORDER BY y.conversation_id), '{}'),
         coalesce(array_agg(y.sequence ORDER BY y.conversation_id), '{}')
    INTO v_conversation_ids, v_sequences
    FROM (
      SELECT x.conversation_id, max(x.sequence) AS sequence FROM (
        SELECT u.conversation_id, u.sequence, u.actor_id FROM updates u
         WHERE u.user_id = p_user_id AND u."position" > v_stream.acknowledged_position AND u."position" <= p_position
           AND u.at >= v_stream.acknowledged_at AND u.at < p_at + interval '1 millisecond'
           AND u.kind = 'MESSAGE_SENT'
        UNION ALL
        SELECT m.conversation_id, m.sequence, m.sender_id
          FROM participants p
          JOIN memberships s ON s.conversation_id = p.conversation_id AND s.user_id = p.user_id
          JOIN messages m ON m.conversation_id = p.conversation_id AND m.sequence > p.last_delivered_sequence
           AND m.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR m.sequence <= s.to_sequence)
         WHERE v_oldest."position" IS DISTINCT FROM v_stream.acknowledged_position + 1
           AND p.user_id = p_user_id AND p.last_delivered_sequence < p.last_message_sequence
           AND m.sent_at < coalesce(v_oldest.at, 'infinity'::timestamptz)
      ) x
      JOIN participants p ON p.conversation_id = x.conversation_id AND p.user_id = p_user_id
      WHERE x.sequence > p.last_delivered_sequence
      GROUP BY x.conversation_id
      HAVING bool_or(x.actor_id IS NOT NULL AND x.actor_id <> p_user_id)
      ORDER BY x.conversation_id
      LIMIT p_limit + 1
    ) y;
  outcome := CASE WHEN cardinality(v_conversation_ids) > p_limit THEN 'MORE' ELSE 'DONE' END;
  v_conversation_ids := v_conversation_ids[1:p_limit];

  PERFORM 1 FROM participants p
    WHERE p.user_id = p_user_id AND p.conversation_id = ANY (v_conversation_ids) ORDER BY p.id FOR UPDATE;
  SELECT ARRAY[p_user_id] || array_agg(c.patient_id) || array_agg(c.doctor_id) INTO v_people
    FROM conversations c WHERE c.id = ANY (v_conversation_ids) AND c.kind = 'DIRECT';
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_people) ORDER BY s.user_id FOR UPDATE;
  IF NOT EXISTS (SELECT 1 FROM users u WHERE u.id = p_user_id AND u.is_active) THEN
    outcome := 'UNAUTHENTICATED';
    RETURN NEXT;
    RETURN;
  END IF;

  FOR v_move IN
    SELECT d.conversation_id, d.sequence, c.kind, p.left_at, p.last_delivered_sequence, p.shown_read_sequence,
           CASE WHEN c.patient_id = p_user_id THEN c.doctor_id ELSE c.patient_id END AS other_id,
           (SELECT m.id FROM messages m WHERE m.conversation_id = d.conversation_id AND m.sequence = d.sequence) AS message_id
      FROM unnest(v_conversation_ids, v_sequences) AS d (conversation_id, sequence)
      JOIN conversations c ON c.id = d.conversation_id
      JOIN participants p ON p.conversation_id = d.conversation_id AND p.user_id = p_user_id
     WHERE d.sequence > p.last_delivered_sequence
     ORDER BY d.conversation_id
  LOOP
    v_moved := v_moved + 1;
    UPDATE participants p SET last_delivered_sequence = v_move.sequence
     WHERE p.conversation_id = v_move.conversation_id AND p.user_id = p_user_id;
    INSERT INTO receipts (conversation_id, user_id, kind, up_to_sequence, at, private)
    VALUES (v_move.conversation_id, p_user_id, 'DELIVERED', v_move.sequence, clock_timestamp(), false)
    ON CONFLICT DO NOTHING;
    IF v_move.kind = 'DIRECT' THEN
      PERFORM append_updates(ARRAY[v_move.other_id], 'MESSAGES_DELIVERED', v_move.conversation_id, v_move.message_id,
        p_user_id, p_user_id, v_move.sequence);
    ELSIF v_move.left_at IS NULL THEN
      PERFORM note_receipt(v_move.conversation_id, p_user_id, v_move.last_delivered_sequence, v_move.shown_read_sequence);
    END IF;
  END LOOP;
  IF v_moved > 0 THEN
    PERFORM record_audit(p_user_id, 'message.mark_delivered', 'ALLOWED', 'User', p_user_id, NULL, NULL, NULL, NULL,
      p_request_id, p_address);
  END IF;
  IF outcome = 'DONE' THEN
    UPDATE user_streams s SET acknowledged_position = p_position, acknowledged_at = p_at
     WHERE s.user_id = p_user_id AND s.acknowledged_position < p_position;
  END IF;
  SELECT array_agg(s.user_id), array_agg(s."position") INTO user_ids, positions
    FROM user_streams s WHERE s.user_id = ANY (v_people);
  RETURN NEXT;
END $$;

-- Opens a stay for each of these people, one after the other, each with the SYSTEM message from which on they see everything.
-- The caller holds all three lock classes, of the joining people too.
CREATE FUNCTION join_members(
  p_conversation_id uuid, p_user_ids uuid[], p_participant_ids uuid[], p_message_ids uuid[], p_actor_id uuid
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_others uuid[];
  v_at timestamptz;
  v_sequence int;
BEGIN
  FOR i IN 1 .. cardinality(p_user_ids) LOOP
    SELECT coalesce(array_agg(p.user_id), '{}') INTO v_others
      FROM participants p WHERE p.conversation_id = p_conversation_id AND p.left_at IS NULL;
    v_at := date_trunc('milliseconds', clock_timestamp());
    INSERT INTO participants (id, conversation_id, user_id, role, joined_at, last_activity_at)
    VALUES (p_participant_ids[i], p_conversation_id, p_user_ids[i], 'MEMBER', v_at, v_at)
    ON CONFLICT (conversation_id, user_id) DO UPDATE SET role = 'MEMBER', joined_at = v_at, left_at = NULL;
    -- Who is back finds it in their list.
    PERFORM set_archived(p_conversation_id, p_user_ids[i], false);
    PERFORM append_updates(ARRAY[p_user_ids[i]], 'CONVERSATION_OPENED', p_conversation_id, NULL, p_actor_id, NULL, NULL);
    PERFORM append_updates(v_others, 'PARTICIPANT_JOINED', p_conversation_id, NULL, p_actor_id, p_user_ids[i], NULL);
    v_sequence := write_system_message_v2(
      p_message_ids[i], p_conversation_id, 'PARTICIPANT_JOINED', p_actor_id, p_user_ids[i], NULL, '{}');
    INSERT INTO memberships (conversation_id, user_id, from_sequence) VALUES (p_conversation_id, p_user_ids[i], v_sequence);
  END LOOP;
END $$;

-- write_system_message, with what the event says: the new title, sealed.
CREATE FUNCTION write_system_message_v2(
  p_id uuid, p_conversation_id uuid, p_event_kind system_event_kind, p_actor_id uuid, p_subject_id uuid,
  p_text_sealed bytea, p_also_ids uuid[]
) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_sequence int;
  v_at timestamptz := date_trunc('milliseconds', clock_timestamp());
  v_people uuid[];
BEGIN
  UPDATE conversations c SET last_sequence = c.last_sequence + 1, last_activity_at = v_at
   WHERE c.id = p_conversation_id RETURNING c.last_sequence INTO v_sequence;
  INSERT INTO messages (id, conversation_id, sequence, kind, sent_at, event_kind, event_actor_id, event_subject_id,
                        event_text_sealed)
  VALUES (p_id, p_conversation_id, v_sequence, 'SYSTEM', v_at, p_event_kind, p_actor_id, p_subject_id,
          p_text_sealed);
  WITH touched AS (
    UPDATE participants p SET last_message_sequence = v_sequence, last_activity_at = v_at
     WHERE p.conversation_id = p_conversation_id AND (p.left_at IS NULL OR p.user_id = ANY (p_also_ids))
    RETURNING p.user_id
  )
  SELECT coalesce(array_agg(t.user_id), '{}') INTO v_people FROM touched t;
  PERFORM append_updates(v_people, 'MESSAGE_SENT', p_conversation_id, p_id, NULL, NULL, v_sequence);
  RETURN v_sequence;
END $$;

-- send_messages with priorities and mentions (p_mention_ids: one array literal of distinct ids for each message, or null), which
-- also brings archived conversations back. Outcomes as before, and RATE_LIMITED (retry_after: seconds).
CREATE FUNCTION send_messages_v2(
  p_ids uuid[], p_conversation_ids uuid[], p_sender_ids uuid[], p_client_ids uuid[], p_bodies bytea[],
  p_reply_ids uuid[], p_read_ids uuid[], p_mention_ids text[], p_priorities message_priority[], p_sent_ats timestamptz[],
  p_request_ids text[], p_addresses text[], p_open boolean, p_skip_locked boolean
) RETURNS TABLE (
  ordinal int, outcome text, message_id uuid, message_sequence int, message_sent_at timestamptz,
  reasons text[], retry_after double precision, user_ids uuid[], positions bigint[]
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_locked uuid[];
  v_people uuid[];
  v_now timestamptz;
  v_outcomes text[];
  v_originals uuid[];
  v_reasons text[];
  v_retries double precision[];
  v_read_sequences int[];
  v_sequences int[];
  v_sent_ats timestamptz[];
BEGIN
  IF p_skip_locked THEN
    SELECT array_agg(x.id) INTO v_locked FROM (
      SELECT c.id FROM conversations c WHERE c.id = ANY (p_conversation_ids) ORDER BY c.id FOR UPDATE SKIP LOCKED) x;
  ELSE
    SELECT array_agg(x.id) INTO v_locked FROM (
      SELECT c.id FROM conversations c WHERE c.id = ANY (p_conversation_ids) ORDER BY c.id FOR UPDATE) x;
  END IF;
  v_locked := coalesce(v_locked, '{}');
  SELECT coalesce(array_agg(x.user_id), '{}') INTO v_people FROM (
    SELECT p.user_id FROM participants p
     WHERE p.conversation_id = ANY (v_locked) AND p.left_at IS NULL ORDER BY p.id FOR UPDATE) x;
  v_people := v_people || p_sender_ids;
  PERFORM 1 FROM user_streams s WHERE s.user_id = ANY (v_people) ORDER BY s.user_id FOR UPDATE;
  v_now := clock_timestamp();

  -- Check. A key that stands twice in one batch is sent once: the later one repeats the earlier one, unless that is refused.
  -- Patients and caregivers send three URGENT messages an hour; the lock of their stream makes them count one by one.
  SELECT array_agg(CASE WHEN w.outcome <> 'SENT' THEN w.outcome WHEN w.is_limited THEN 'RATE_LIMITED'
                        WHEN w.is_first THEN 'SENT' ELSE 'REPLAYED' END ORDER BY w.ordinal),
         array_agg(CASE WHEN w.outcome = 'SENT' AND NOT w.is_first THEN p_ids[w.first_ordinal] ELSE w.original_id END ORDER BY w.ordinal),
         array_agg(array_to_string(w.reasons, ',') ORDER BY w.ordinal),
         array_agg(CASE WHEN w.is_limited THEN
           extract(epoch FROM coalesce(w.urgent_ats[cardinality(w.urgent_ats)], v_now) + interval '1 hour' - v_now) END ORDER BY w.ordinal),
         array_agg(w.read_sequence ORDER BY w.ordinal)
    INTO v_outcomes, v_originals, v_reasons, v_retries, v_read_sequences
    FROM (
      SELECT y.*, bool_or(y.outcome = 'SENT' AND y.is_first AND y.urgent_ats IS NOT NULL AND cardinality(y.urgent_ats) + y.urgent_rank > 3)
                    OVER (PARTITION BY y.conversation_id, y.sender_id, y.client_id) AS is_limited
        FROM (
      SELECT z.*, z.first_ordinal IS NOT DISTINCT FROM z.ordinal AS is_first,
             count(*) FILTER (WHERE z.urgent_ats IS NOT NULL AND z.first_ordinal = z.ordinal)
               OVER (PARTITION BY z.sender_id ORDER BY z.ordinal) AS urgent_rank
        FROM (
      SELECT x.*, min(x.ordinal) FILTER (WHERE x.outcome = 'SENT')
                    OVER (PARTITION BY x.conversation_id, x.sender_id, x.client_id) AS first_ordinal
        FROM (
          SELECT f.*,
                 CASE WHEN NOT f.conversation_id = ANY (v_locked) THEN
                        CASE WHEN f.exists THEN 'SKIPPED' ELSE 'NOT_FOUND' END
                      WHEN NOT f.is_active THEN 'UNAUTHENTICATED'
                      WHEN NOT f.is_visible THEN 'NOT_FOUND'
                      WHEN f.original_id IS NOT NULL THEN 'REPLAYED'
                      WHEN f.reply_id IS NOT NULL AND f.reply_sequence IS NULL
                        OR f.read_id IS NOT NULL AND f.read_sequence IS NULL
                        OR NOT f.are_members THEN 'NOT_FOUND'
                      WHEN cardinality(f.reasons) > 0 THEN 'CANNOT_SEND'
                      ELSE 'SENT' END AS outcome
            FROM (
              SELECT r.ordinal::int AS ordinal, r.conversation_id, r.sender_id, r.client_id, r.reply_id, r.read_id, u.is_active,
                     EXISTS (SELECT 1 FROM conversations c WHERE c.id = r.conversation_id) AS exists,
                     u.role NOT IN ('ADMIN', 'AUDITOR', 'SERVICE') AND EXISTS (
                       SELECT 1 FROM memberships s
                        WHERE s.conversation_id = r.conversation_id AND s.user_id = r.sender_id) AS is_visible,
                     (SELECT m.id FROM messages m
                       WHERE m.conversation_id = r.conversation_id AND m.sender_id = r.sender_id
                         AND m.client_message_id = r.client_id) AS original_id,
                     CASE WHEN r.reply_id IS NOT NULL THEN visible_sequence(r.sender_id, r.conversation_id, r.reply_id) END AS reply_sequence,
                     CASE WHEN r.read_id IS NOT NULL THEN visible_sequence(r.sender_id, r.conversation_id, r.read_id) END AS read_sequence,
                     -- Who has left is not told who takes part: for them it is the conversation that refuses.
                     r.mention_ids IS NULL OR 'NOT_A_PARTICIPANT' = ANY (rules.reasons) OR NOT EXISTS (
                       SELECT 1 FROM unnest(r.mention_ids::uuid[]) AS n (user_id)
                        WHERE NOT EXISTS (
                          SELECT 1 FROM participants p
                           WHERE p.conversation_id = r.conversation_id AND p.user_id = n.user_id AND p.left_at IS NULL)) AS are_members,
                     CASE WHEN r.priority = 'URGENT' AND u.role IN ('PATIENT', 'CAREGIVER') THEN array(
                       SELECT m.sent_at FROM messages m
                        WHERE m.sender_id = r.sender_id AND m.priority = 'URGENT' AND m.sent_at > v_now - interval '1 hour'
                        ORDER BY m.sent_at DESC LIMIT 3) END AS urgent_ats,
                     rules.reasons
                FROM unnest(p_conversation_ids, p_sender_ids, p_client_ids, p_reply_ids, p_read_ids, p_mention_ids, p_priorities)
                     WITH ORDINALITY AS r (conversation_id, sender_id, client_id, reply_id, read_id, mention_ids, priority, ordinal)
                JOIN users u ON u.id = r.sender_id
                LEFT JOIN LATERAL send_rules(r.conversation_id, r.sender_id, p_open) rules ON true
            ) f
        ) x
        ) z
        ) y
    ) w;

  -- What senders have read comes before what they say. It lay committed before this batch, so all of it may come first.
  FOR i IN 1 .. cardinality(p_ids) LOOP
    IF v_outcomes[i] = 'SENT' AND p_read_ids[i] IS NOT NULL THEN
      PERFORM advance_read_v2(p_sender_ids[i], p_conversation_ids[i], p_read_ids[i], v_read_sequences[i]);
    ELSIF v_outcomes[i] IN ('UNAUTHENTICATED', 'NOT_FOUND', 'CANNOT_SEND', 'RATE_LIMITED')
          AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = p_conversation_ids[i]) THEN
      PERFORM record_audit(p_sender_ids[i], 'message.send', 'DENIED', 'Conversation', p_conversation_ids[i],
        p_conversation_ids[i], NULL, NULL, NULL, p_request_ids[i], p_addresses[i]);
    END IF;
  END LOOP;

  -- Write. Every row that this statement updates is locked already.
  WITH sent AS MATERIALIZED (
    SELECT r.*, c.kind, u.role AS sender_role,
           (c.last_sequence + row_number() OVER (PARTITION BY r.conversation_id ORDER BY r.ordinal))::int AS sequence,
           date_trunc('milliseconds', coalesce(r.given_at, v_now)) AS sent_at
      FROM unnest(p_ids, p_conversation_ids, p_sender_ids, p_client_ids, p_bodies, p_reply_ids, p_mention_ids, p_priorities,
                  p_sent_ats, p_request_ids, p_addresses, v_outcomes)
           WITH ORDINALITY AS r (id, conversation_id, sender_id, client_id, body, reply_id, mention_ids, priority, given_at, request_id,
                                 address, outcome, ordinal)
      JOIN conversations c ON c.id = r.conversation_id
      JOIN users u ON u.id = r.sender_id
     WHERE r.outcome = 'SENT'
  ), conversations_moved AS (
    UPDATE conversations c SET last_sequence = x.sequence, last_activity_at = x.sent_at
      FROM (SELECT DISTINCT ON (s.conversation_id) s.conversation_id, s.sequence, s.sent_at
              FROM sent s ORDER BY s.conversation_id, s.sequence DESC) x
     WHERE c.id = x.conversation_id
  ), messages_written AS (
    INSERT INTO messages (id, conversation_id, sequence, sender_id, kind, priority, client_message_id, body_sealed, reply_to_id,
                          sent_at, mention_count)
    SELECT s.id, s.conversation_id, s.sequence, s.sender_id, 'TEXT', s.priority, s.client_id, s.body, s.reply_id, s.sent_at,
           coalesce(cardinality(s.mention_ids::uuid[]), 0)
      FROM sent s
  ), mentions_written AS (
    INSERT INTO mentions (message_id, user_id)
    SELECT s.id, n.user_id FROM sent s CROSS JOIN LATERAL unnest(s.mention_ids::uuid[]) AS n (user_id)
     WHERE s.mention_ids IS NOT NULL
  ), repeats_written AS (
    INSERT INTO urgent_repeats (message_id, due_at)
    SELECT s.id, v_now + interval '5 minutes' FROM sent s WHERE s.priority = 'URGENT'
  ), deliveries AS MATERIALIZED (
    SELECT s.ordinal, s.id, s.conversation_id, s.sender_id, s.sequence, s.sent_at, p.id AS participant_id, p.user_id, p.unread,
           p.is_marked_unread, p.archived_at, p.user_id <> s.sender_id AS is_unread,
           -- A mute keeps an archived conversation where it is, but not from who is meant, nor from what is urgent.
           p.archived_at IS NULL OR p.muted_until IS NULL OR p.muted_until <= v_now OR s.priority = 'URGENT'
             OR s.mention_ids IS NOT NULL AND p.user_id = ANY (s.mention_ids::uuid[]) AS brings_back,
           s.kind = 'GROUP' AND EXISTS (
             SELECT 1 FROM blocks b WHERE b.blocker_id = p.user_id AND b.blocked_id = s.sender_id) AS is_hidden
      FROM sent s
      JOIN participants p ON p.conversation_id = s.conversation_id AND p.left_at IS NULL
  ), hidden_written AS (
    INSERT INTO hidden (user_id, message_id, conversation_id, reason)
    SELECT d.user_id, d.id, d.conversation_id, 'BLOCKED' FROM deliveries d WHERE d.is_hidden
  ), shown AS MATERIALIZED (
    SELECT d.*, bool_or(d.brings_back) OVER participant AS is_listed,
           (d.unread + sum(d.is_unread::int) OVER participant)::int AS conversation_unread
      FROM deliveries d
     WHERE NOT d.is_hidden
    WINDOW participant AS (PARTITION BY d.participant_id ORDER BY d.ordinal)
  ), weighed AS (
    -- What the conversation adds to the person's totals after each message, and what it added before; and whether it came out
    -- of their archive with it, which is an update of its own.
    SELECT w.*, (w.archived_at IS NOT NULL AND w.is_listed AND NOT lag(w.is_listed, 1, false) OVER participant)::int AS came_back, w.weight - lag(w.weight, 1, CASE WHEN w.archived_at IS NULL THEN w.unread ELSE 0 END) OVER participant AS added,
           w.counted - lag(w.counted, 1, (w.archived_at IS NULL AND (w.unread > 0 OR w.is_marked_unread))::int) OVER participant AS newly_counted
      FROM (
        SELECT h.*, CASE WHEN h.is_listed THEN h.conversation_unread ELSE 0 END AS weight,
               (h.is_listed AND (h.conversation_unread > 0 OR h.is_marked_unread))::int AS counted
          FROM shown h) w
    WINDOW participant AS (PARTITION BY w.participant_id ORDER BY w.ordinal)
  ), counted AS MATERIALIZED (
    SELECT k.*, greatest(v_now, s.at) AS stream_at,
           s."position" + row_number() OVER person + sum(k.came_back) OVER person AS "position",
           (s.unread + sum(k.added) OVER person)::int AS viewer_unread
      FROM weighed k
      JOIN user_streams s ON s.user_id = k.user_id
    WINDOW person AS (PARTITION BY k.user_id ORDER BY k.ordinal)
  ), participants_moved AS (
    UPDATE participants p
       SET unread = x.conversation_unread, last_message_sequence = x.sequence, last_activity_at = x.sent_at,
           archived_at = CASE WHEN x.is_listed THEN NULL ELSE p.archived_at END
      FROM (SELECT DISTINCT ON (k.participant_id) k.* FROM counted k ORDER BY k.participant_id, k.ordinal DESC) x
     WHERE p.id = x.participant_id
  ), streams_moved AS (
    UPDATE user_streams s
       SET "position" = x."position", at = x.stream_at, unread = s.unread + x.added,
           unread_conversations = s.unread_conversations + x.newly_counted
      FROM (SELECT k.user_id, max(k."position") AS "position", max(k.stream_at) AS stream_at, sum(k.added)::int AS added,
                   sum(k.newly_counted)::int AS newly_counted
              FROM counted k GROUP BY k.user_id) x
     WHERE s.user_id = x.user_id
  ), updates_written AS (
    INSERT INTO updates (user_id, "position", at, kind, conversation_id, message_id, actor_id, sequence,
                         conversation_unread, viewer_unread)
    SELECT k.user_id, k."position" - k.came_back, k.stream_at, 'MESSAGE_SENT'::update_kind, k.conversation_id, k.id, k.sender_id,
           k.sequence, k.conversation_unread, k.viewer_unread
      FROM counted k
     UNION ALL
    SELECT k.user_id, k."position", k.stream_at, 'CONVERSATION_CHANGED', k.conversation_id, NULL, k.sender_id, NULL,
           k.conversation_unread, k.viewer_unread
      FROM counted k WHERE k.came_back = 1
  ), audit_written AS (
    INSERT INTO audit_events (actor_id, actor_role, action, outcome, subject_type, subject_id, conversation_id, message_ids,
                              content_hash, request_id, ip_address)
    SELECT s.sender_id, s.sender_role, 'message.send', 'ALLOWED', 'Message', s.id, s.conversation_id, ARRAY[s.id],
           sha256(s.body), s.request_id, s.address
      FROM sent s
  )
  SELECT array_agg(s.sequence ORDER BY r.ordinal), array_agg(s.sent_at ORDER BY r.ordinal) INTO v_sequences, v_sent_ats
    FROM unnest(v_outcomes) WITH ORDINALITY AS r (outcome, ordinal)
    LEFT JOIN sent s ON s.ordinal = r.ordinal;

  RETURN QUERY
    SELECT r.ordinal::int, r.outcome, CASE WHEN r.outcome = 'SENT' THEN p_ids[r.ordinal] ELSE r.original_id END,
           v_sequences[r.ordinal], v_sent_ats[r.ordinal], string_to_array(r.reasons, ','), v_retries[r.ordinal],
           NULL::uuid[], NULL::bigint[]
      FROM unnest(v_outcomes, v_originals, v_reasons) WITH ORDINALITY AS r (outcome, original_id, reasons, ordinal)
    UNION ALL
    SELECT 0, 'HINTS', NULL, NULL, NULL, NULL, NULL, array_agg(s.user_id), array_agg(s."position")
      FROM user_streams s WHERE s.user_id = ANY (v_people);
END $$;

-- Repeats the notifications of urgent messages that are due: one for each person who was asked to acknowledge and has not,
-- six times at most. Asked are the other members who take part now and may see it. Rows that another worker holds are passed
-- over; whoever is killed here leaves everything as it was. A worker that was away repeats once, not once for each time missed.
-- Returns how many messages it dealt with.
CREATE FUNCTION repeat_urgent(p_limit int) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v record;
  v_asked uuid[];
  v_count int := 0;
BEGIN
  FOR v IN
    SELECT r.message_id, r.attempt, r.due_at, m.conversation_id, m.sequence, m.sender_id, m.deleted_at
      FROM urgent_repeats r JOIN messages m ON m.id = r.message_id
     WHERE r.due_at <= clock_timestamp()
     ORDER BY r.due_at, r.message_id LIMIT p_limit
       FOR UPDATE OF r SKIP LOCKED
  LOOP
    v_count := v_count + 1;
    v_asked := '{}';
    IF v.deleted_at IS NULL THEN
      SELECT coalesce(array_agg(p.user_id), '{}') INTO v_asked
        FROM participants p
        JOIN users u ON u.id = p.user_id AND u.is_active
       WHERE p.conversation_id = v.conversation_id AND p.left_at IS NULL AND p.user_id <> v.sender_id
         AND EXISTS (SELECT 1 FROM memberships s WHERE s.conversation_id = p.conversation_id AND s.user_id = p.user_id
                        AND v.sequence >= s.from_sequence AND (s.to_sequence IS NULL OR v.sequence <= s.to_sequence))
         AND NOT EXISTS (SELECT 1 FROM hidden h WHERE h.user_id = p.user_id AND h.message_id = v.message_id)
         AND NOT EXISTS (SELECT 1 FROM acknowledgements a WHERE a.message_id = v.message_id AND a.user_id = p.user_id);
      INSERT INTO notifications (id, user_id, conversation_id, message_id, kind, attempt, due_at)
      SELECT gen_random_uuid(), n.user_id, v.conversation_id, v.message_id, 'URGENT_REPEAT', v.attempt, v.due_at
        FROM unnest(v_asked) AS n (user_id)
      ON CONFLICT (user_id, message_id, kind, attempt) DO NOTHING;
    END IF;
    IF cardinality(v_asked) = 0 OR v.attempt >= 6 THEN
      DELETE FROM urgent_repeats r WHERE r.message_id = v.message_id;
    ELSE
      UPDATE urgent_repeats r
         SET attempt = v.attempt + 1,
             due_at = CASE WHEN v.due_at + interval '5 minutes' > clock_timestamp() THEN v.due_at ELSE clock_timestamp() END + interval '5 minutes'
       WHERE r.message_id = v.message_id;
    END IF;
  END LOOP;
  RETURN v_count;
END $$;
