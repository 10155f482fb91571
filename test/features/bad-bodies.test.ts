import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invalidAt, notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
let patient: Person
let doctor: Person
let conversationId: string
let messageId: string

beforeAll(async () => {
  world = await World.start()
  const pair = await world.pair()
  patient = pair.patient
  doctor = pair.doctor
  conversationId = pair.conversationId
  messageId = (await patient.send(conversationId, 'To be edited.')).id
})
afterAll(() => world[Symbol.asyncDispose]())

const family = '👩‍👩‍👧‍👦'
const refused: [what: string, body: string | null][] = [
  ['null', null],
  ['empty', ''],
  ['spaces', '   '],
  ['line breaks and tabs', '\r\n\t'],
  ['spaces of other scripts', '\u00a0\u2003\u3000\ufeff'],
  ['5,001 letters', 'a'.repeat(5001)],
  ['5,001 astral code points', '😀'.repeat(5001)],
  ['NUL', 'a\0b'],
  ['a lone high surrogate', 'a\ud83d'],
  ['a lone low surrogate', '\ude00b'],
  ['surrogates the wrong way round', '\ude00\ud83d'],
]

describe('a body is refused, and nothing is written', () => {
  test.each(refused)('%s', async (_, body) => {
    const before = await countRows(world)
    expect(await patient.trySend(conversationId, body)).toEqual(invalidAt('body'))
    if (body !== null)
      expect(await patient.mutate('editMessage', { messageId, body })).toEqual(invalidAt('body'))
    expect(await countRows(world)).toEqual(before)
  })

  test('left out altogether', async () => {
    const input = { conversationId, clientMessageId: randomUUID() }
    expect(await patient.mutate('sendMessage', input)).toEqual(invalidAt('body'))
  })

  test('before it is asked whether the conversation or the message exists', async () => {
    expect(await patient.trySend('no such id', '')).toEqual(invalidAt('body'))
    expect(await patient.mutate('editMessage', { messageId: 'no such id', body: '' })).toEqual(
      invalidAt('body'),
    )
    expect(await patient.trySend('no such id', 'Hello.')).toEqual(notFound)
  })
})

const kept: [what: string, body: string][] = [
  ['5,000 letters', 'a'.repeat(5000)],
  ['5,000 astral code points', '😀'.repeat(5000)],
  ['emoji sequences', `${family} 🏳️‍🌈 👍🏽 🇸🇩 1️⃣ ☺︎`],
  ['Arabic', 'السلام عليكم، كيف حالُكِ اليوم؟ لا إله'],
  ['bidi controls', 'abc \u202eלהפך\u202c \u2067עברית\u2069 \u200f٣\u200e'],
  ['combining marks', `e\u0301 é Z\u0351\u036b\u0343\u036a\u0302 ${'\u0301'.repeat(400)}`],
  ['Windows line ends', 'one\r\ntwo\rthree\nfour'],
  ['white space around', '  \t leading and trailing \n\n'],
  ['zero width', '\u200bx\u200d\u2060'],
  ['markup and quotes', `<script>alert("x")</script> & ' \` \\ \\0 \\u0000 %s \${x} ; DROP TABLE users`],
  ['controls', '\u0001\u0007\u001b[31m\u007f\u0085'],
  ['noncharacters and private use', '\ufffe\uffff\ufffd\ue000\u{10ffff}'],
]

describe('a body comes back to the byte', () => {
  test.each(kept)('%s', async (_, body) => {
    const clientMessageId = randomUUID()
    const sent = await patient.send(conversationId, body, { clientMessageId })
    expect(sent.body).toBe(body)
    expect((await doctor.history(conversationId)).at(-1)).toMatchObject({ id: sent.id, body })

    const replay = await patient.trySend(conversationId, body, { clientMessageId })
    expect(replay).toMatchObject({ replayed: true, message: { id: sent.id, body } })

    const edited = await patient.mutate(
      'editMessage',
      { messageId: sent.id, body: `${body.slice(2)}.` },
      'message { body revisions { body } }',
    )
    expect(edited).toEqual({
      __typename: 'EditMessagePayload',
      message: { body: `${body.slice(2)}.`, revisions: [{ body }] },
    })
  })
})

describe('other texts that people write', () => {
  const faulty = ['', ' \n', 'a\0b', 'a\ud83d', 'x'.repeat(501)]
  test.each(faulty)('reason %j', async (reason) => {
    const before = await countRows(world)
    expect(await doctor.mutate('closeConversation', { conversationId, reason })).toEqual(invalidAt('reason'))
    expect(await doctor.mutate('blockUser', { userId: patient.id, reason })).toEqual(invalidAt('reason'))
    expect(await countRows(world)).toEqual(before)
  })

  const faultyTitles = ['', '\t', 'a\0b', '\ude00', 'x'.repeat(201)]
  test.each(faultyTitles)('title %j', async (title) => {
    const before = await countRows(world)
    const result = await doctor.mutate('createGroup', { title, participantIds: [] })
    expect(result).toEqual(invalidAt('title'))
    expect(await countRows(world)).toEqual(before)
  })

  test('a title of 200 astral code points comes back', async () => {
    const title = '😀'.repeat(200)
    const result = await doctor.mutate('createGroup', { title, participantIds: [] }, 'conversation { title }')
    expect(result).toEqual({ __typename: 'CreateGroupPayload', conversation: { title } })
  })
})
