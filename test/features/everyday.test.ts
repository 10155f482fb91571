import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultsOf } from '../support/invariants.js'
import { invalidAt, notFound } from '../support/outcomes.js'
import type { Person, Result } from '../support/person.js'
import { countRows, everythingStored } from '../support/rows.js'
import type { Stream } from '../support/stream.js'
import { allUpdatesAfter, updateCursor } from '../support/updates-page.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  expect(await faultsOf(world)).toEqual([])
  await world[Symbol.asyncDispose]()
})

const time = expect.any(String)
const parts = 'conversation { unreadCount isMarkedUnread archivedAt mutedUntil }'
const totals = 'viewer { unreadCount unreadConversationCount }'

const archive = (by: Person, conversationId: string) =>
  by.mutate('archiveConversation', { conversationId }, `${parts} ${totals}`)
const unarchive = (by: Person, conversationId: string) =>
  by.mutate('unarchiveConversation', { conversationId }, `${parts} ${totals}`)
const markUnread = (by: Person, conversationId: string) =>
  by.mutate('markUnread', { conversationId }, `${parts} ${totals}`)
const mute = (by: Person, conversationId: string, until?: string | null) =>
  by.mutate('muteConversation', { conversationId, ...(until === undefined ? {} : { until }) }, parts)
const rename = (by: Person, conversationId: string, title: string) =>
  by.mutate('updateGroup', { conversationId, title }, 'conversation { title }')

const soon = (milliseconds = 3_600_000) => new Date(Date.now() + milliseconds).toISOString()

interface Standing {
  readonly conversation: Record<string, unknown>
  readonly viewer: { readonly unreadCount: number; readonly unreadConversationCount: number }
}

const standing = (as: Person, id: string) =>
  as.must<Standing>(
    `query ($id: ID!) { conversation(id: $id) { unreadCount isMarkedUnread archivedAt mutedUntil }
       viewer { unreadCount unreadConversationCount } }`,
    { id },
  )

/** Unread in the conversation, and over all: messages, conversations; with how the viewer has put it away. */
async function stand(as: Person, id: string): Promise<string> {
  const { conversation, viewer } = await standing(as, id)
  const { unreadCount, isMarkedUnread, archivedAt, mutedUntil } = conversation
  const flags = [isMarkedUnread && 'marked', archivedAt && 'archived', mutedUntil && 'muted'].filter(Boolean)
  return [`${unreadCount} of ${viewer.unreadCount} in ${viewer.unreadConversationCount}`, ...flags].join(' ')
}

const said = (stream: Stream) =>
  stream.updates.map(
    ({ change, conversationUnreadCount, viewerUnreadCount }) =>
      `${change?.__typename} ${conversationUnreadCount} of ${viewerUnreadCount}`,
  )

/** What each verb answers, whatever it is asked of. */
const verbs: Record<string, (by: Person, conversationId: string) => Promise<Result>> = {
  archiveConversation: archive,
  unarchiveConversation: unarchive,
  markUnread,
  muteConversation: (by, id) => mute(by, id, soon()),
  'muteConversation, as it is': (by, id) => mute(by, id),
  updateGroup: (by, id) => rename(by, id, 'Another title'),
}

describe('archive, mark and mute', () => {
  test('each step counts at once, is told to the viewer’s devices once, and to nobody else', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const second = await world.person('PATIENT')
    await world.appointment(second, doctor)
    const secondId = await doctor.open(second)
    const first = await patient.send(conversationId, 'One.')
    const last = await patient.send(conversationId, 'Two.')
    await second.send(secondId, 'Three.')
    const before = await updateCursor(patient)
    const start = await updateCursor(doctor)
    const devices = [doctor.follow(start), doctor.follow(start)]
    await Promise.all(devices.map((device) => device.caughtUp()))

    const expected: string[] = []
    const step = async (result: Promise<Result> | null, then: string, told: string | null) => {
      const answer = await result
      expect(answer?.code).toBeUndefined()
      expect(await stand(doctor, conversationId)).toBe(then)
      if (answer?.viewer) expect(answer).toMatchObject(await standing(doctor, conversationId))
      if (told !== null) expected.push(told)
    }
    const read = (upToMessageId: string) =>
      doctor.mutate('markRead', { conversationId, upToMessageId }, `${parts} ${totals}`)

    await step(null, '2 of 3 in 2', null)
    await step(archive(doctor, conversationId), '2 of 1 in 1 archived', 'ConversationChanged 2 of 1')
    await step(archive(doctor, conversationId), '2 of 1 in 1 archived', null)
    await step(
      markUnread(doctor, conversationId),
      '2 of 1 in 1 marked archived',
      'ConversationChanged 2 of 1',
    )
    await step(unarchive(doctor, conversationId), '2 of 3 in 2 marked', 'ConversationChanged 2 of 3')
    await step(unarchive(doctor, conversationId), '2 of 3 in 2 marked', null)
    await step(read(first.id), '1 of 2 in 2', 'MessagesRead 1 of 2')
    await step(markUnread(doctor, conversationId), '1 of 2 in 2 marked', 'ConversationChanged 1 of 2')
    await step(read(last.id), '0 of 1 in 1', 'MessagesRead 0 of 1')
    await step(markUnread(doctor, conversationId), '0 of 1 in 2 marked', 'ConversationChanged 0 of 1')
    await step(markUnread(doctor, conversationId), '0 of 1 in 2 marked', null)
    await step(archive(doctor, conversationId), '0 of 1 in 1 marked archived', 'ConversationChanged 0 of 1')
    await step(unarchive(doctor, conversationId), '0 of 1 in 2 marked', 'ConversationChanged 0 of 1')
    // Without moving.
    await step(read(first.id), '0 of 1 in 1', 'ConversationChanged 0 of 1')
    await step(read(first.id), '0 of 1 in 1', null)
    await step(mute(doctor, conversationId, soon()), '0 of 1 in 1 muted', 'ConversationChanged 0 of 1')
    await step(mute(doctor, conversationId), '0 of 1 in 1 muted', null)
    await step(mute(doctor, conversationId, null), '0 of 1 in 1', 'ConversationChanged 0 of 1')
    await step(mute(doctor, conversationId, null), '0 of 1 in 1', null)

    for (const device of devices) {
      await device.until((updates) => updates.length > expected.length, 'all that was told')
      expect(said(device)).toEqual(expected)
      expect(device.updates.map((update) => update.conversation)).toEqual(
        expected.map(() => ({ id: conversationId })),
      )
      await device.close()
    }
    expect((await allUpdatesAfter(doctor, start)).length).toBe(expected.length)
    const toPatient = await allUpdatesAfter(patient, before)
    expect(toPatient.map((update) => update.change?.__typename)).toEqual(['MessagesRead', 'MessagesRead'])
    expect(await stand(patient, conversationId)).toBe('0 of 0 in 0')
    const records = await world.sql<{ action: string }>(
      `SELECT action FROM audit_events WHERE actor_id = $1::uuid AND conversation_id IS NOT NULL AND action LIKE 'conversation.%'
          AND action <> 'conversation.open' AND outcome = 'ALLOWED' ORDER BY id`,
      [doctor.rowId],
    )
    expect(records.map(({ action }) => action.replace('conversation.', ''))).toEqual([
      ...['archive', 'mark_unread', 'unarchive', 'mark_unread', 'mark_unread', 'archive', 'unarchive'],
      ...['mute', 'mute'],
    ])
  })

  test('the same again answers the same', async () => {
    const { doctor, conversationId } = await world.pair()
    const until = soon()
    const conversation = { unreadCount: 0, isMarkedUnread: false, archivedAt: null, mutedUntil: until }
    expect(await mute(doctor, conversationId, until)).toEqual({
      __typename: 'MuteConversationPayload',
      conversation,
    })
    const start = await updateCursor(doctor)
    expect(await mute(doctor, conversationId, until)).toMatchObject({ conversation })
    expect(await updateCursor(doctor)).toBe(start)
    expect(await mute(doctor, conversationId, soon(7_200_000))).toMatchObject({
      conversation: { mutedUntil: expect.not.stringMatching(until) },
    })
    const archived = await archive(doctor, conversationId)
    expect(archived).toEqual({
      __typename: 'ArchiveConversationPayload',
      conversation: { ...conversation, archivedAt: time, mutedUntil: time },
      viewer: { unreadCount: 0, unreadConversationCount: 0 },
    })
    expect(await archive(doctor, conversationId)).toEqual(archived)
  })

  test('one who has left still may, as in a closed conversation', async () => {
    const owner = await world.person('DOCTOR')
    const staff = await world.person('STAFF')
    const group = await world.group(owner, [staff])
    await owner.send(group, 'Before you go.')
    await owner.mutate('closeConversation', { conversationId: group })
    await owner.mutate('removeParticipant', { conversationId: group, userId: staff.id })
    expect(await stand(staff, group)).toBe('1 of 1 in 1')
    await markUnread(staff, group)
    await archive(staff, group)
    await mute(staff, group, soon())
    expect(await stand(staff, group)).toBe('1 of 0 in 0 marked archived muted')
    await unarchive(staff, group)
    expect(await stand(staff, group)).toBe('1 of 1 in 1 marked muted')
  })

  test('at the same time from many requests they happen once', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await patient.send(conversationId, 'One.')
    const start = await updateCursor(doctor)
    await Promise.all(Array.from({ length: 6 }, () => archive(doctor, conversationId)))
    await Promise.all(Array.from({ length: 6 }, () => markUnread(doctor, conversationId)))
    expect(await stand(doctor, conversationId)).toBe('1 of 0 in 0 marked archived')
    await Promise.all([
      ...Array.from({ length: 4 }, () => unarchive(doctor, conversationId)),
      ...Array.from({ length: 4 }, (_, index) => patient.send(conversationId, `${index}`)),
    ])
    expect(await stand(doctor, conversationId)).toBe('5 of 5 in 1 marked')
    const told = (await allUpdatesAfter(doctor, start)).map((update) => update.change?.__typename)
    // The last one out of the archive is the verb, or a message that came before it.
    expect(told.filter((name) => name === 'MessageSent')).toHaveLength(4)
    expect([2, 3]).toContain(told.filter((name) => name === 'ConversationChanged').length)
  })
})

describe('what is refused', () => {
  test('to whom it does not exist, and in what is no form of it; nothing is written', async () => {
    const { doctor, conversationId } = await world.pair()
    const group = await world.group(doctor, [])
    const strangers = [await world.person('PATIENT'), await world.person('STAFF'), world.admin()]
    const rows = await countRows(world)
    for (const stranger of strangers)
      for (const id of [conversationId, group, doctor.id, 'nothing'])
        for (const verb of Object.values(verbs)) expect(await verb(stranger, id)).toEqual(notFound)
    for (const until of ['2020-01-01T00:00:00.000Z', soon(0), '9999-12-31T23:59:59.999-01:00'])
      for (const by of [doctor, ...strangers])
        expect(await mute(by, conversationId, until)).toEqual(invalidAt('until'))
    for (const title of ['', ' \n', 'x'.repeat(201), 'a\0b', '\ud83d'])
      for (const by of [doctor, ...strangers])
        expect(await rename(by, group, title)).toEqual(invalidAt('title'))
    expect(await countRows(world)).toEqual(rows)
    const last = '9999-12-31T23:59:59.999Z'
    expect(await mute(doctor, conversationId, last)).toMatchObject({ conversation: { mutedUntil: last } })
  })

  test('a title by anybody but an owner; that is on record', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const former = await world.person('DOCTOR')
    const group = await world.group(doctor, [former, patient], patient)
    await doctor.mutate('setParticipantRole', { conversationId: group, userId: former.id, role: 'OWNER' })
    await doctor.mutate('removeParticipant', { conversationId: group, userId: former.id })
    const refused = {
      __typename: 'ForbiddenError',
      code: 'FORBIDDEN',
      detail: 'Only owners of a group change its title.',
    }
    for (const by of [patient, former]) expect(await rename(by, group, 'Ours')).toEqual(refused)
    for (const by of [patient, doctor]) expect(await rename(by, conversationId, 'Ours')).toEqual(refused)
    const records = await world.sql(
      `SELECT 1 FROM audit_events WHERE action = 'conversation.update_group' AND outcome = 'DENIED'
          AND actor_id = ANY ($1::uuid[])`,
      [[patient, former, doctor].map((person) => person.rowId)],
    )
    expect(records).toHaveLength(4)
  })
})

describe('a new message', () => {
  test('brings an archived conversation back, its unread messages with it', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await patient.send(conversationId, 'One.')
    await archive(doctor, conversationId)
    await archive(patient, conversationId)
    await patient.send(conversationId, 'Two.')
    expect(await stand(doctor, conversationId)).toBe('2 of 2 in 1')
    expect(await stand(patient, conversationId)).toBe('0 of 0 in 0')
  })

  test('leaves a muted one there, but not from who is mentioned, nor when it is URGENT', async () => {
    const owner = await world.person('DOCTOR')
    const staff = await world.person('STAFF')
    const caregiver = await world.person('CAREGIVER')
    const group = await world.group(owner, [staff, caregiver])
    for (const person of [staff, caregiver]) {
      await archive(person, group)
      await mute(person, group, soon())
    }
    const stream = staff.follow(await updateCursor(staff))
    await owner.send(group, 'One.')
    expect(await stand(staff, group)).toBe('1 of 0 in 0 archived muted')
    await owner.send(group, 'Two.', { mentionIds: [staff.id] })
    expect(await stand(staff, group)).toBe('2 of 2 in 1 muted')
    expect(await stand(caregiver, group)).toBe('2 of 0 in 0 archived muted')
    await archive(staff, group)
    await owner.send(group, 'Three.', { priority: 'URGENT' })
    for (const person of [staff, caregiver]) expect(await stand(person, group)).toBe('3 of 3 in 1 muted')
    await stream.change('MessageSent', 3)
    expect(said(stream)).toEqual(
      expect.arrayContaining(['MessageSent 1 of 0', 'MessageSent 2 of 2', 'MessageSent 3 of 3']),
    )
    await stream.close()
  })

  test('brings it back once the mute has passed, which is null from then on', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await archive(doctor, conversationId)
    await mute(doctor, conversationId, soon(1500))
    await patient.send(conversationId, 'One.')
    expect(await stand(doctor, conversationId)).toBe('1 of 0 in 0 archived muted')
    await expect.poll(() => stand(doctor, conversationId), { timeout: 10_000 }).toBe('1 of 0 in 0 archived')
    const start = await updateCursor(doctor)
    expect(await mute(doctor, conversationId, null)).toMatchObject({ conversation: { mutedUntil: null } })
    expect(await updateCursor(doctor)).toBe(start)
    await patient.send(conversationId, 'Two.')
    expect(await stand(doctor, conversationId)).toBe('2 of 2 in 1')
  })
})

describe('another title', () => {
  const events = `query ($id: ID!) { conversation(id: $id) { title messages(last: 100) { edges { node {
    id body systemEvent { kind actor { externalId } subject { id } text } } } } } }`
  interface Events {
    readonly conversation: {
      readonly title: string | null
      readonly messages: { readonly edges: { readonly node: Record<string, unknown> }[] }
    }
  }
  const told = async (as: Person, id: string) => {
    const { conversation } = await as.must<Events>(events, { id })
    return [conversation.title, ...conversation.messages.edges.map(({ node }) => node.systemEvent)]
  }

  test('is told to whoever takes part; who has left reads it as of now and hears nothing', async () => {
    const owner = await world.person('DOCTOR')
    const staff = await world.person('STAFF')
    const former = await world.person('CAREGIVER')
    const group = await world.group(owner, [staff, former], undefined, 'Stroke unit')
    await owner.mutate('removeParticipant', { conversationId: group, userId: former.id })
    const starts = new Map<Person, string>()
    for (const person of [owner, staff, former]) starts.set(person, await updateCursor(person))
    const renamed = { __typename: 'UpdateGroupPayload', conversation: { title: 'Überwachung 2 – Süd' } }
    expect(await rename(owner, group, 'Überwachung 2 – Süd')).toEqual(renamed)
    expect(await rename(owner, group, 'Überwachung 2 – Süd')).toEqual(renamed)
    await owner.mutate('closeConversation', { conversationId: group })
    await rename(owner, group, 'Closed ward')

    const changed = (title: string) => ({
      kind: 'TITLE_CHANGED',
      actor: { externalId: owner.externalId },
      subject: null,
      text: title,
    })
    const removed = expect.objectContaining({ kind: 'PARTICIPANT_REMOVED', text: null })
    const closed = expect.objectContaining({ kind: 'CONVERSATION_CLOSED', text: null })
    const all = ['Closed ward', removed, changed('Überwachung 2 – Süd'), closed, changed('Closed ward')]
    for (const person of [owner, staff]) {
      expect(await told(person, group)).toEqual(all)
      const updates = await allUpdatesAfter(person, starts.get(person) ?? '')
      expect(updates.map((update) => update.change?.__typename)).toEqual(
        Array.from({ length: 3 }, () => ['ConversationChanged', 'MessageSent']).flat(),
      )
      // SYSTEM messages count for nobody.
      expect(await stand(person, group)).toBe('0 of 0 in 0')
    }
    expect(await told(former, group)).toEqual(['Closed ward', removed])
    expect(await allUpdatesAfter(former, starts.get(former) ?? '')).toEqual([])
    const records = await world.sql<{ matches: boolean }>(
      `SELECT a.content_hash = sha256(c.title_sealed) AS matches FROM audit_events a JOIN conversations c ON c.id = a.conversation_id
        WHERE a.action = 'conversation.update_group' AND a.outcome = 'ALLOWED' AND a.actor_id = $1::uuid ORDER BY a.id`,
      [owner.rowId],
    )
    expect(records).toEqual([{ matches: false }, { matches: true }])
    for (const [place, values] of await everythingStored(world))
      for (const value of values)
        for (const title of ['Überwachung', 'Closed ward'])
          expect(value.includes(title), `${title} in ${place}`).toBe(false)
  })

  test('at the same time from two owners one comes after the other', async () => {
    const owner = await world.person('DOCTOR')
    const other = await world.person('DOCTOR')
    const group = await world.group(owner, [other])
    await owner.mutate('setParticipantRole', { conversationId: group, userId: other.id, role: 'OWNER' })
    await Promise.all([rename(owner, group, 'A'), rename(other, group, 'B')])
    const [title, ...messages] = await told(owner, group)
    const texts = messages.map((event) => (event as { text: string | null }).text).filter(Boolean)
    expect([...texts].sort()).toEqual(['A', 'B'])
    expect(title).toBe(texts[1])
  })

  test('what does not decrypt fails alone, and a new title mends it', async () => {
    const owner = await world.person('DOCTOR')
    const group = await world.group(owner, [])
    await rename(owner, group, 'One')
    await rename(owner, group, 'Two')
    const id = Buffer.from(group, 'base64url').toString().split(':')[1]
    // A former ciphertext of one place in another.
    await world.sql(
      `UPDATE conversations c SET title_sealed = m.event_text_sealed FROM messages m
        WHERE c.id = $1::uuid AND m.conversation_id = c.id AND m.sequence = 1`,
      [id],
    )
    await world.sql(
      `UPDATE messages m SET event_text_sealed = n.event_text_sealed FROM messages n
        WHERE m.conversation_id = $1::uuid AND n.conversation_id = m.conversation_id AND m.sequence = 2 AND n.sequence = 1`,
      [id],
    )
    const { data, errors } = await owner.ask<Events>(events, { id: group })
    expect(data?.conversation.title).toBeNull()
    expect(data?.conversation.messages.edges.map(({ node }) => node.systemEvent)).toMatchObject([
      { text: 'One' },
      { text: null },
    ])
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual([
      'CONTENT_UNREADABLE',
      'CONTENT_UNREADABLE',
    ])
    await rename(owner, group, 'Three')
    const { conversation } = await owner.must<{ conversation: unknown }>(
      'query ($id: ID!) { conversation(id: $id) { title } }',
      { id: group },
    )
    expect(conversation).toEqual({ title: 'Three' })
  })
})

test('who is added again finds the group where they look, with what was unread', async () => {
  const owner = await world.person('DOCTOR')
  const staff = await world.person('STAFF')
  const group = await world.group(owner, [staff])
  await owner.send(group, 'One.')
  await owner.mutate('removeParticipant', { conversationId: group, userId: staff.id })
  await archive(staff, group)
  await mute(staff, group, soon())
  expect(await stand(staff, group)).toBe('1 of 0 in 0 archived muted')
  const stream = staff.follow(await updateCursor(staff))
  await owner.mutate('addParticipants', { conversationId: group, userIds: [staff.id] })
  expect(await stand(staff, group)).toBe('1 of 1 in 1 muted')
  await stream.change('MessageSent')
  expect(said(stream)).toEqual(['ConversationOpened 1 of 1', 'MessageSent 1 of 1'])
  await stream.close()
})
