import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { everythingStored } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
let patient: Person
let doctor: Person
let conversationId: string

beforeAll(async () => {
  world = await World.start()
  const pair = await world.pair()
  patient = pair.patient
  doctor = pair.doctor
  conversationId = pair.conversationId
})
afterAll(() => world[Symbol.asyncDispose]())

const rowId = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''

interface Entry {
  action: string
  outcome: string
  actor_role: string
  subject_type: string
  subject_id: string
}

/** What a person's doing added to the record. */
async function recorded(by: Person, doing: () => Promise<unknown>): Promise<Entry[]> {
  const [last] = await world.sql<{ id: string }>('SELECT coalesce(max(id), 0)::text AS id FROM audit_events')
  await doing()
  return world.sql<Entry>(
    `SELECT action, outcome, actor_role, subject_type, subject_id FROM audit_events
      WHERE id > $1::bigint AND actor_id = $2::uuid AND request_id IS NOT NULL AND ip_address IS NOT NULL ORDER BY id`,
    [last?.id, by.rowId],
  )
}

const entry = (
  by: Person,
  outcome: string,
  action: string,
  subjectType: string,
  subjectId: string,
): Entry => ({
  action,
  outcome,
  actor_role: by.role,
  subject_type: subjectType,
  subject_id: subjectId.includes('-') ? subjectId : rowId(subjectId),
})

test('every write is on record once; what was so already is not', async () => {
  const id = rowId(conversationId)
  const message = await patient.send(conversationId, 'Hello.', { priority: 'URGENT' })
  const allowed = (action: string, type: string, subject: string) => [
    entry(doctor, 'ALLOWED', action, type, subject),
  ]
  const writes: [verb: string, input: Record<string, unknown>, expected: Entry[]][] = [
    [
      'markRead',
      { conversationId, upToMessageId: message.id },
      allowed('message.mark_read', 'Message', message.id),
    ],
    ['closeConversation', { conversationId }, allowed('conversation.close', 'Conversation', id)],
    ['reopenConversation', { conversationId }, allowed('conversation.reopen', 'Conversation', id)],
    ['blockUser', { userId: patient.id }, allowed('user.block', 'User', patient.id)],
    ['unblockUser', { userId: patient.id }, allowed('user.unblock', 'User', patient.id)],
    ['markUnread', { conversationId }, allowed('conversation.mark_unread', 'Conversation', id)],
    ['archiveConversation', { conversationId }, allowed('conversation.archive', 'Conversation', id)],
    ['unarchiveConversation', { conversationId }, allowed('conversation.unarchive', 'Conversation', id)],
    [
      'muteConversation',
      { conversationId, until: '2100-01-01T00:00:00.000Z' },
      allowed('conversation.mute', 'Conversation', id),
    ],
    ['muteConversation', { conversationId, until: null }, allowed('conversation.mute', 'Conversation', id)],
    ...(
      [
        ['addReaction', 'message.react', { emoji: '👍' }],
        ['removeReaction', 'message.unreact', { emoji: '👍' }],
        ['pinMessage', 'message.pin', {}],
        ['unpinMessage', 'message.unpin', {}],
        ['acknowledgeMessage', 'message.acknowledge', {}],
      ] as const
    ).map(([verb, action, more]): [string, Record<string, unknown>, Entry[]] => [
      verb,
      { messageId: message.id, ...more },
      allowed(action, 'Message', message.id),
    ]),
    [
      'deleteMessage',
      { messageId: message.id, scope: 'ME' },
      allowed('message.delete_for_oneself', 'Message', message.id),
    ],
  ]
  for (const [verb, input, expected] of writes) {
    expect(await recorded(doctor, () => doctor.mutate(verb, input))).toEqual(expected)
    if (verb !== 'markRead') expect(await recorded(doctor, () => doctor.mutate(verb, input))).toEqual([])
  }
  expect(await recorded(doctor, () => doctor.open(patient))).toEqual([])
})

test('every refusal of what exists is on record; of what does not exist, none', async () => {
  const stranger = await world.person('DOCTOR')
  const unseen = await world.person('PATIENT')
  const message = await patient.send(conversationId, 'Not for you.')
  const denied = (action: string, type: string, subject: string) => [
    entry(stranger, 'DENIED', action, type, subject),
  ]
  const refusals: [verb: string, input: Record<string, unknown>, expected: Entry[]][] = [
    ['openConversation', { userId: unseen.id }, denied('conversation.open', 'User', unseen.id)],
    [
      'openConversation',
      { externalUserId: unseen.externalId },
      denied('conversation.open', 'User', unseen.id),
    ],
    ['openConversation', { externalUserId: 'nobody' }, []],
    ['openConversation', { userId: doctor.id }, denied('conversation.open', 'User', doctor.id)],
    [
      'createGroup',
      { title: 'A', participantIds: [unseen.id] },
      denied('conversation.create_group', 'User', unseen.id),
    ],
    ['closeConversation', { conversationId }, denied('conversation.close', 'Conversation', conversationId)],
    [
      'addParticipants',
      { conversationId, userIds: [doctor.id] },
      denied('conversation.add_participants', 'Conversation', conversationId),
    ],
    ['editMessage', { messageId: message.id, body: 'Mine.' }, denied('message.edit', 'Message', message.id)],
    [
      'deleteMessage',
      { messageId: message.id, scope: 'EVERYONE' },
      denied('message.delete_for_everyone', 'Message', message.id),
    ],
    [
      'deleteMessage',
      { messageId: message.id, scope: 'ME' },
      denied('message.delete_for_oneself', 'Message', message.id),
    ],
    [
      'markRead',
      { conversationId, upToMessageId: message.id },
      denied('message.mark_read', 'Message', message.id),
    ],
    ...(
      [
        ['markUnread', 'conversation.mark_unread', {}],
        ['archiveConversation', 'conversation.archive', {}],
        ['unarchiveConversation', 'conversation.unarchive', {}],
        ['muteConversation', 'conversation.mute', { until: null }],
        ['updateGroup', 'conversation.update_group', { title: 'Mine' }],
      ] as const
    ).map(([verb, action, more]): [string, Record<string, unknown>, Entry[]] => [
      verb,
      { conversationId, ...more },
      denied(action, 'Conversation', conversationId),
    ]),
    ...(
      [
        ['addReaction', 'message.react', { emoji: '👍' }],
        ['removeReaction', 'message.unreact', { emoji: '👍' }],
        ['pinMessage', 'message.pin', {}],
        ['unpinMessage', 'message.unpin', {}],
        ['acknowledgeMessage', 'message.acknowledge', {}],
      ] as const
    ).map(([verb, action, more]): [string, Record<string, unknown>, Entry[]] => [
      verb,
      { messageId: message.id, ...more },
      denied(action, 'Message', message.id),
    ]),
    ['blockUser', { userId: unseen.id }, denied('user.block', 'User', unseen.id)],
    [
      'upsertUser',
      { externalId: 'x', displayName: 'x', role: 'PATIENT' },
      denied('user.upsert', 'User', stranger.id),
    ],
    ['markRead', { conversationId, upToMessageId: 'nothing' }, []],
  ]
  for (const [verb, input, expected] of refusals)
    expect(await recorded(stranger, () => stranger.mutate(verb, input)), verb).toEqual(expected)
  expect(await recorded(stranger, () => stranger.trySend(conversationId, 'Hello.'))).toEqual(
    denied('message.send', 'Conversation', conversationId),
  )
  expect(await recorded(patient, () => patient.mutate('closeConversation', { conversationId }))).toEqual([
    entry(patient, 'DENIED', 'conversation.close', 'Conversation', conversationId),
  ])
})

test('what was written is on record by the hash of what is stored', async () => {
  const { id } = await patient.send(conversationId, 'Hash me.')
  const hashes = () =>
    world.sql<{ action: string; same: boolean; ids: string[] }>(
      `SELECT a.action, a.content_hash = sha256(coalesce(
          CASE a.action WHEN 'message.send' THEN (SELECT r.body_sealed FROM message_revisions r WHERE r.message_id = m.id AND r.revision = 0) END,
          m.body_sealed)) AS same, a.message_ids AS ids
         FROM audit_events a JOIN messages m ON m.id = a.subject_id
        WHERE m.id = $1::uuid AND a.content_hash IS NOT NULL ORDER BY a.id`,
      [rowId(id)],
    )
  const ids = [rowId(id)]
  expect(await hashes()).toEqual([{ action: 'message.send', same: true, ids }])
  await patient.mutate('editMessage', { messageId: id, body: 'Hash me again.' })
  expect(await hashes()).toEqual([
    { action: 'message.send', same: true, ids },
    { action: 'message.edit', same: true, ids },
  ])
})

test.each(['audit_events', 'audit_seals', 'audit_seal_events'])('%s is append-only', async (table) => {
  const changes = [
    `UPDATE ${table} SET ${table === 'audit_seal_events' ? 'ordinal = 1' : 'at = now()'}`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
  ]
  for (const change of changes) await expect(world.sql(change)).rejects.toThrow(`${table} is append-only`)
})

test('nothing that people write stands in clear, nor does how to reach them', async () => {
  const words = ['Zanzibarine', 'Quicksilvery', 'Wolframite', 'Xylophonist', 'Yttriumlike', 'Vermilionish']
  const [body = '', edited = '', title = '', reason = '', blockReason = '', deleted = ''] = words
  const email = 'kryptonite@example.org'
  const phone = '+249 91 234 5678'
  const one = await world.pair()
  await one.patient.upsert({ email, phone })
  const message = await one.patient.send(one.conversationId, `It is ${body}.`)
  await one.patient.mutate('editMessage', { messageId: message.id, body: `It is ${edited}.` })
  const gone = await one.patient.send(one.conversationId, deleted)
  await one.patient.mutate('deleteMessage', { messageId: gone.id, scope: 'EVERYONE' })
  await world.group(one.doctor, [], undefined, title)
  await one.doctor.mutate('blockUser', { userId: one.patient.id, reason: blockReason })
  await one.doctor.mutate('closeConversation', { conversationId: one.conversationId, reason })

  const stored = await everythingStored(world)
  expect(stored.get('public.messages.body_sealed')?.length).toBeGreaterThan(1)
  expect(stored.get('public.users.display_name')?.map(String)).toContain(one.patient.externalId)
  const found: string[] = []
  for (const [column, values] of stored) {
    for (const word of [...words, email, phone, 'kryptonite', '91 234']) {
      const forms = [
        word,
        word.toLowerCase(),
        Buffer.from(word).toString('base64').slice(0, 10),
        Buffer.from(word).toString('hex'),
      ]
      if (forms.some((form) => values.some((value) => value.includes(form)))) found.push(`${column}: ${word}`)
    }
  }
  expect(found).toEqual([])
  // Equal texts are stored differently.
  const [first, second] = [
    await one.doctor.send(await world.group(one.doctor, []), 'ok'),
    await patient.send(conversationId, 'ok'),
  ]
  const sealed = await world.sql<{ count: number }>(
    'SELECT count(DISTINCT body_sealed)::int AS count FROM messages WHERE id = ANY ($1::uuid[])',
    [[rowId(first.id), rowId(second.id)]],
  )
  expect(sealed).toEqual([{ count: 2 }])
})
