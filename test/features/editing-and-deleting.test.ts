import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
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
const forbidden = (detail: string) => ({ __typename: 'ForbiddenError', code: 'FORBIDDEN', detail })

const read = (as: Person, id: string) =>
  as.must<{ node: Record<string, unknown> | null }>(
    `query ($id: ID!) { node(id: $id) { ... on Message {
       body editedAt deletedAt deletedBy { externalId } revisions { body writtenAt } viewerCanEdit
       viewerCanDeleteForEveryone editableUntil replyTo { id body deletedAt } sender { externalId } sequence sentAt } } }`,
    { id },
  )

async function unread(as: Person, id = conversationId): Promise<unknown> {
  const { conversation, viewer } = await as.must<{ conversation: object; viewer: object }>(
    'query ($id: ID!) { conversation(id: $id) { unreadCount } viewer { unreadCount unreadConversationCount } }',
    { id },
  )
  return { ...viewer, here: conversation }
}

describe('editing', () => {
  test('keeps the former texts for everybody who may read it', async () => {
    const { id } = await patient.send(conversationId, 'First.')
    for (const body of ['Second.', 'Third.']) {
      expect(await patient.mutate('editMessage', { messageId: id, body }, 'message { id body }')).toEqual({
        __typename: 'EditMessagePayload',
        message: { id, body },
      })
    }
    const { node } = await read(doctor, id)
    expect(node).toMatchObject({
      body: 'Third.',
      editedAt: expect.any(String),
      revisions: [{ body: 'First.', writtenAt: node?.sentAt }, { body: 'Second.' }],
      viewerCanEdit: false,
      editableUntil: null,
    })
  })

  test('to the same text is a success that changes nothing', async () => {
    const { id } = await patient.send(conversationId, 'The same.')
    const former = await read(patient, id)
    const result = await patient.mutate('editMessage', { messageId: id, body: 'The same.' })
    expect(result).toEqual({ __typename: 'EditMessagePayload' })
    expect(await read(patient, id)).toEqual(former)
  })

  test('after 15 minutes is EDIT_WINDOW_CLOSED, which closes again', async () => {
    const { id } = await patient.send(conversationId, 'Old.')
    await world.sql(`UPDATE messages SET sent_at = sent_at - interval '15 minutes' WHERE id = $1::uuid`, [
      rowId(id),
    ])
    const { node } = await read(patient, id)
    const until = new Date(Date.parse(String(node?.sentAt)) + 900_000).toISOString()
    expect(node).toMatchObject({ viewerCanEdit: false, editableUntil: until })
    expect(await patient.mutate('editMessage', { messageId: id, body: 'Older.' })).toEqual({
      __typename: 'EditWindowClosedError',
      code: 'EDIT_WINDOW_CLOSED',
      detail: 'This message can no longer be edited.',
      windowClosedAt: until,
    })
    await doctor.mutate('closeConversation', { conversationId })
    expect(await patient.mutate('editMessage', { messageId: id, body: 'Older.' })).toMatchObject({
      code: 'CANNOT_SEND',
      reasons: ['CONVERSATION_CLOSED'],
    })
    await doctor.mutate('reopenConversation', { conversationId })
    const deleted = await patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
    expect(deleted.code).toBeUndefined()
  })

  test('of a tombstone or of a SYSTEM message is FORBIDDEN', async () => {
    const { id } = await patient.send(conversationId, 'Gone.')
    await patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' })
    expect(await patient.mutate('editMessage', { messageId: id, body: 'Back.' })).toEqual(
      forbidden('This message was deleted.'),
    )
    await doctor.mutate('closeConversation', { conversationId })
    await doctor.mutate('reopenConversation', { conversationId })
    const system = (await doctor.history(conversationId)).at(-1)
    expect(system).toMatchObject({ kind: 'SYSTEM', sender: null, body: null })
    const messageId = system?.id
    expect(await doctor.mutate('editMessage', { messageId, body: 'No.' })).toMatchObject({
      code: 'FORBIDDEN',
    })
    expect(await doctor.mutate('deleteMessage', { messageId, scope: 'EVERYONE' })).toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})

describe('deleting for everyone', () => {
  test('leaves a tombstone, destroys text and revisions, and shows in replies', async () => {
    const { id, sequence } = await patient.send(conversationId, 'Said too much.')
    await patient.mutate('editMessage', { messageId: id, body: 'Said even more.' })
    const answer = await doctor.send(conversationId, 'I see.', { replyToId: id })
    const sent = (await read(doctor, id)).node
    const selection =
      'deletedMessageId tombstone { id body sequence revisions { body } deletedBy { id } } conversation { id }'
    const payload = await patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }, selection)
    expect(payload).toEqual({
      __typename: 'DeleteMessagePayload',
      deletedMessageId: id,
      tombstone: { id, body: null, sequence, revisions: [], deletedBy: { id: patient.id } },
      conversation: { id: conversationId },
    })
    expect(
      await world.sql(
        `SELECT body_sealed, (SELECT count(*)::int FROM message_revisions r WHERE r.message_id = m.id) AS revisions
           FROM messages m WHERE id = $1::uuid`,
        [rowId(id)],
      ),
    ).toEqual([{ body_sealed: null, revisions: 0 }])
    const { node } = await read(doctor, id)
    expect(node).toEqual({
      ...sent,
      body: null,
      revisions: [],
      deletedAt: expect.any(String),
      deletedBy: { externalId: patient.externalId },
    })
    expect((await read(doctor, answer.id)).node).toMatchObject({
      replyTo: { id, body: null, deletedAt: node?.deletedAt },
    })
    const again = await patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }, selection)
    expect(again).toEqual(payload)
    expect((await read(doctor, id)).node).toEqual(node)
  })

  test('takes it out of the unread counters, in the conversation and in the totals', async () => {
    const pair = await world.pair()
    const first = await pair.patient.send(pair.conversationId, 'One.')
    const second = await pair.patient.send(pair.conversationId, 'Two.')
    const state = () => unread(pair.doctor, pair.conversationId)
    expect(await state()).toEqual({ unreadCount: 2, unreadConversationCount: 1, here: { unreadCount: 2 } })
    await pair.patient.mutate('deleteMessage', { messageId: first.id, scope: 'EVERYONE' })
    expect(await state()).toEqual({ unreadCount: 1, unreadConversationCount: 1, here: { unreadCount: 1 } })
    await pair.doctor.mutate('deleteMessage', { messageId: second.id, scope: 'ME' })
    expect(await state()).toEqual({ unreadCount: 0, unreadConversationCount: 0, here: { unreadCount: 0 } })
    await pair.patient.mutate('deleteMessage', { messageId: second.id, scope: 'EVERYONE' })
    expect(await state()).toEqual({ unreadCount: 0, unreadConversationCount: 0, here: { unreadCount: 0 } })
  })

  test('is for an owner of the group, too', async () => {
    const staff = await world.person('STAFF')
    const group = await world.group(doctor, [staff])
    const { id } = await staff.send(group, 'Off topic.')
    expect((await read(doctor, id)).node).toMatchObject({
      viewerCanDeleteForEveryone: true,
      viewerCanEdit: false,
    })
    const selection = 'tombstone { deletedBy { id } sender { id } }'
    expect(await doctor.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }, selection)).toEqual({
      __typename: 'DeleteMessagePayload',
      tombstone: { deletedBy: { id: doctor.id }, sender: { id: staff.id } },
    })
  })
})

test('deleting for oneself hides from nobody else, also as the newest message and in replies', async () => {
  const pair = await world.pair()
  const first = await pair.patient.send(pair.conversationId, 'Stays.')
  const second = await pair.patient.send(pair.conversationId, 'Hidden from the doctor.')
  const answer = await pair.patient.send(pair.conversationId, 'About it.', { replyToId: second.id })
  await pair.doctor.mutate('deleteMessage', { messageId: answer.id, scope: 'ME' })
  const selection = 'deletedMessageId tombstone { id } conversation { lastMessage { id } lastActivityAt }'
  const payload = await pair.doctor.mutate('deleteMessage', { messageId: second.id, scope: 'ME' }, selection)
  const { node } = await read(pair.doctor, first.id)
  expect(payload).toEqual({
    __typename: 'DeleteMessagePayload',
    deletedMessageId: second.id,
    tombstone: null,
    conversation: { lastMessage: { id: first.id }, lastActivityAt: node?.sentAt },
  })
  expect(await pair.doctor.mutate('deleteMessage', { messageId: second.id, scope: 'ME' }, selection)).toEqual(
    payload,
  )
  expect(await read(pair.doctor, second.id)).toEqual({ node: null })
  expect((await pair.doctor.history(pair.conversationId)).map((message) => message.id)).toEqual([first.id])
  const theirs = await pair.patient.history(pair.conversationId)
  expect(theirs.map((message) => message.id)).toEqual([first.id, second.id, answer.id])
})
