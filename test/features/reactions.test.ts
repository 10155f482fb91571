import fc from 'fast-check'
import * as rgiEmoji from 'regenerate-unicode-properties/Property_of_Strings/RGI_Emoji.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { qualifiedEmoji } from '../../src/features/reactions/emoji.js'
import { recorded, told } from '../support/effects.js'
import { invalidAt, notFound } from '../support/outcomes.js'
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

const forbidden = (detail: string) => ({ __typename: 'ForbiddenError', code: 'FORBIDDEN', detail })
const shown = 'message { reactions { emoji count viewerHasReacted } }'
const react = (by: Person, messageId: string, emoji: string) =>
  by.mutate('addReaction', { messageId, emoji }, shown)
const unreact = (by: Person, messageId: string, emoji: string) =>
  by.mutate('removeReaction', { messageId, emoji }, shown)

interface Group {
  readonly emoji: string
  readonly count: number
  readonly viewerHasReacted: boolean
  readonly users: readonly { readonly externalId: string }[]
}

async function reactionsOf(as: Person, id: string, first = 10): Promise<Group[] | null> {
  const { node } = await as.must<{ node: { reactions: Group[] } | null }>(
    `query ($id: ID!, $first: Int!) { node(id: $id) { ... on Message {
       reactions { emoji count viewerHasReacted users(first: $first) { externalId } } } } }`,
    { id, first },
  )
  return node?.reactions ?? null
}

const group = (emoji: string, viewerHasReacted: boolean, ...users: Person[]): Group => ({
  emoji,
  count: users.length,
  viewerHasReacted,
  users: users.map(({ externalId }) => ({ externalId })),
})

/** A group of an owner and others, of whom one has left, one has hidden the message and one has joined after it. */
async function audience() {
  const owner = await world.person('DOCTOR')
  const [member, left, hider, late] = await Promise.all([0, 1, 2, 3].map(() => world.person('STAFF')))
  if (!member || !left || !hider || !late) throw new Error('nobody there')
  const id = await world.group(owner, [member, left, hider])
  const message = await member.send(id, 'Look at this.')
  await left.mutate('removeParticipant', { conversationId: id, userId: left.id })
  await hider.mutate('deleteMessage', { messageId: message.id, scope: 'ME' })
  await owner.mutate('addParticipants', { conversationId: id, userIds: [late.id] })
  return { owner, member, left, hider, late, groupId: id, messageId: message.id }
}

const emojis = [
  ...rgiEmoji.characters.toArray().map((point) => String.fromCodePoint(point)),
  ...rgiEmoji.strings,
]
const selector = '\u{fe0f}'

describe('which emoji', () => {
  test('every one of the RGI set is taken as it is', () => {
    expect(emojis.length).toBeGreaterThan(3700)
    expect(emojis.filter((emoji) => qualifiedEmoji(emoji) !== emoji)).toEqual([])
  })

  test('without some or all of its presentation selectors it is the same one', () => {
    const withSelectors = emojis.filter((emoji) => emoji.includes(selector))
    expect(withSelectors.length).toBeGreaterThan(500)
    const bare = withSelectors.map((emoji) => emoji.replaceAll(selector, ''))
    expect(bare.map(qualifiedEmoji)).toEqual(withSelectors)
    fc.assert(
      fc.property(
        fc.constantFrom(...withSelectors),
        fc.array(fc.boolean(), { maxLength: 4 }),
        (emoji, keep) => {
          let count = 0
          const stripped = emoji.replaceAll(selector, () => (keep[count++] ? selector : ''))
          expect(qualifiedEmoji(stripped)).toBe(emoji)
        },
      ),
    )
  })

  test('no two of them, and none with anything beside it', () => {
    const emoji = fc.constantFrom(...emojis)
    const beside = fc.oneof(fc.string({ minLength: 1, unit: 'binary' }), emoji)
    fc.assert(
      fc.property(emoji, beside, fc.boolean(), (one, other, isBefore) => {
        const text = isBefore ? other + one : one + other
        // A selector beside an emoji adds nothing, and some two make a third: a flag’s letters, a skin tone, a keycap.
        fc.pre(![...emojis, ''].includes(text) && other.replaceAll(selector, '') !== '')
        fc.pre(!emojis.some((each) => each.replaceAll(selector, '') === text.replaceAll(selector, '')))
        expect(() => qualifiedEmoji(text)).toThrow('RGI')
      }),
    )
  })

  test('no text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!emojis.some((emoji) => emoji.replaceAll(selector, '') === text.replaceAll(selector, '')))
        expect(() => qualifiedEmoji(text)).toThrow('RGI')
      }),
    )
  })

  test('a heart with and without its selector is one reaction, which either takes back', async () => {
    const { id } = await patient.send(conversationId, 'Thank you.')
    await react(doctor, id, '❤')
    expect(await react(patient, id, '❤️')).toEqual({
      __typename: 'AddReactionPayload',
      message: { reactions: [{ emoji: '❤️', count: 2, viewerHasReacted: true }] },
    })
    await unreact(doctor, id, '❤️')
    expect(await unreact(patient, id, '❤')).toEqual({
      __typename: 'RemoveReactionPayload',
      message: { reactions: [] },
    })
  })

  test.each(['🇸🇩', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '#️⃣', '👍🏿', '🤝🏻', '👨‍👩‍👧‍👦', '👩🏽‍❤️‍💋‍👨🏿', '🏳️‍🌈', '🫪'])(
    '%s is stored, told and taken back as it is',
    async (emoji) => {
      const { id } = await doctor.send(conversationId, 'Well?')
      const lines = await told([doctor], () => react(patient, id, emoji))
      expect(lines).toEqual([[`ReactionAdded ${patient.externalId} ${emoji}`]])
      expect(await reactionsOf(doctor, id)).toEqual([group(emoji, false, patient)])
      await unreact(patient, id, emoji)
      expect(await reactionsOf(doctor, id)).toEqual([])
    },
  )

  const huge = '👍'.repeat(20_000)
  test.each([
    '',
    ' ',
    'a',
    '1',
    '#',
    ':)',
    '👍👍',
    '👍 ',
    '👍a',
    '🇸',
    selector,
    '\u{200d}',
    '\u{20e3}',
    '\0',
    '\u{fe0f}️1',
    huge,
  ])('anything else is INVALID_INPUT: %#', async (emoji) => {
    const { id } = await doctor.send(conversationId, 'Well?')
    expect(await react(patient, id, emoji)).toEqual(invalidAt('emoji'))
    expect(await unreact(patient, id, emoji)).toEqual(invalidAt('emoji'))
    expect(await reactionsOf(doctor, id)).toEqual([])
  })

  test('a lone surrogate is refused, too', async () => {
    const { id } = await doctor.send(conversationId, 'Well?')
    for (const emoji of ['\ud83d', '\udc4d', '❤\ud83d'])
      expect(await react(patient, id, emoji)).toEqual(invalidAt('emoji'))
  })

  test('what is no emoji is told before what does not exist', async () => {
    expect(await react(patient, 'nothing', 'x')).toEqual(invalidAt('emoji'))
    expect(await react(patient, 'nothing', '👍')).toEqual(notFound)
    expect(await unreact(patient, conversationId, '👍')).toEqual(notFound)
  })
})

describe('what stands on a message', () => {
  test('the same again is one row and one update; so is taking back', async () => {
    const { id } = await patient.send(conversationId, 'Twice.')
    const twice = async (verb: typeof react) => {
      await verb(doctor, id, '👍')
      await verb(doctor, id, '👍')
    }
    const added = `ReactionAdded ${doctor.externalId} 👍`
    expect(await told([patient, doctor], () => twice(react))).toEqual([[added], [added]])
    expect(await reactionsOf(patient, id)).toEqual([group('👍', false, doctor)])
    const removed = `ReactionRemoved ${doctor.externalId} 👍`
    expect(await told([patient, doctor], () => twice(unreact))).toEqual([[removed], [removed]])
    expect(await reactionsOf(patient, id)).toEqual([])
    expect(await told([patient, doctor], () => unreact(patient, id, '👍'))).toEqual([[], []])
  })

  test('it moves no counter, no order, no read position', async () => {
    const pair = await world.pair()
    const { id } = await pair.patient.send(pair.conversationId, 'Hello.')
    const state = () =>
      pair.doctor.must(
        `query ($id: ID!) { viewer { unreadCount unreadConversationCount }
           conversation(id: $id) { unreadCount lastReadSequence lastActivityAt lastMessage { id } } }`,
        { id: pair.conversationId },
      )
    const before = await state()
    await react(pair.doctor, id, '👍')
    await react(pair.patient, id, '🎉')
    expect(await state()).toEqual(before)
  })

  test('people and kinds stand in the order in which they came; each viewer sees their own', async () => {
    const { owner, member, hider, late, groupId } = await audience()
    const { id } = await owner.send(groupId, 'Vote.')
    await react(hider, id, '🎉')
    await react(member, id, '👍')
    await react(owner, id, '🎉')
    await react(late, id, '👍')
    await react(member, id, '🎉')
    expect(await reactionsOf(member, id)).toEqual([
      group('🎉', true, hider, owner, member),
      group('👍', true, member, late),
    ])
    expect(await reactionsOf(owner, id)).toEqual([
      group('🎉', true, hider, owner, member),
      group('👍', false, member, late),
    ])
    expect(await reactionsOf(late, id, 1)).toEqual([
      { ...group('🎉', false, hider, owner, member), users: [{ externalId: hider.externalId }] },
      { ...group('👍', true, member, late), users: [{ externalId: member.externalId }] },
    ])
    await unreact(hider, id, '🎉')
    expect((await reactionsOf(late, id))?.map(({ emoji, count }) => [emoji, count])).toEqual([
      ['👍', 2],
      ['🎉', 2],
    ])
    // Who leaves stays among those who reacted.
    await late.mutate('removeParticipant', { conversationId: groupId, userId: late.id })
    expect(await reactionsOf(owner, id)).toEqual([
      group('👍', false, member, late),
      group('🎉', true, owner, member),
    ])
  })

  test('a list of users is of 1 to 256', async () => {
    const { id } = await patient.send(conversationId, 'Who?')
    await react(doctor, id, '👍')
    const ask = (first: number | null) =>
      patient.ask<{ node: { reactions: unknown[] } | null }>(
        'query ($id: ID!, $first: Int) { node(id: $id) { ... on Message { reactions { users(first: $first) { externalId } } } } }',
        { id, first },
      )
    for (const first of [0, -1, 257]) {
      const { data, errors } = await ask(first)
      expect(data?.node ?? null).toBeNull()
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['INVALID_INPUT'])
    }
    for (const first of [1, 256, null])
      expect((await ask(first)).data?.node?.reactions).toEqual([
        { users: [{ externalId: doctor.externalId }] },
      ])
  })

  test('20 kinds fit; a 21st does not, more of one of the 20 do', async () => {
    const { id } = await patient.send(conversationId, 'So much.')
    const kinds = emojis.filter((emoji) => emoji.includes(selector)).slice(0, 21)
    const [first = '', last = ''] = [kinds[0], kinds[20]]
    for (const emoji of kinds.slice(0, 20)) expect((await react(doctor, id, emoji)).code).toBeUndefined()
    expect(
      await told([patient], async () => expect(await react(patient, id, last)).toEqual(invalidAt('emoji'))),
    ).toEqual([[]])
    expect((await react(patient, id, first)).code).toBeUndefined()
    expect((await react(doctor, id, first)).code).toBeUndefined()
    expect((await reactionsOf(patient, id))?.map(({ emoji }) => emoji)).toEqual(kinds.slice(0, 20))
    await unreact(doctor, id, first)
    expect(await react(patient, id, last)).toEqual(invalidAt('emoji'))
    await unreact(patient, id, first)
    expect((await react(patient, id, last)).code).toBeUndefined()
    expect((await reactionsOf(patient, id))?.map(({ emoji }) => emoji)).toEqual(kinds.slice(1, 21))
  })

  test('a page of messages shows them, and those of a message without any are empty', async () => {
    const pair = await world.pair()
    const one = await pair.patient.send(pair.conversationId, 'One.')
    await pair.patient.send(pair.conversationId, 'Two.')
    await react(pair.doctor, one.id, '👍')
    expect(
      await pair.patient.must(
        `query ($id: ID!) { conversation(id: $id) { messages(first: 5) { edges { node { body ${shown.slice(9, -1)} } } } } }`,
        { id: pair.conversationId },
      ),
    ).toEqual({
      conversation: {
        messages: {
          edges: [
            { node: { body: 'One.', reactions: [{ emoji: '👍', count: 1, viewerHasReacted: false }] } },
            { node: { body: 'Two.', reactions: [] } },
          ],
        },
      },
    })
  })
})

describe('who is told', () => {
  test('who takes part and may see it: not who has left, hidden it or joined later', async () => {
    const { owner, member, left, hider, late, messageId } = await audience()
    const people = [owner, member, left, hider, late]
    const added = `ReactionAdded ${owner.externalId} 👍`
    expect(await told(people, () => react(owner, messageId, '👍'))).toEqual([[added], [added], [], [], []])
    expect(await reactionsOf(left, messageId)).toEqual([group('👍', false, owner)])
    expect([await reactionsOf(hider, messageId), await reactionsOf(late, messageId)]).toEqual([null, null])
    const removed = `ReactionRemoved ${owner.externalId} 👍`
    expect(await told(people, () => unreact(owner, messageId, '👍'))).toEqual([
      [removed],
      [removed],
      [],
      [],
      [],
    ])
  })

  test('live, with the message as of now, the user and the emoji; also one’s other devices', async () => {
    const { id } = await patient.send(conversationId, 'Live.')
    const document = `subscription { updates { conversation { id } conversationUnreadCount change { __typename
      ... on ReactionAdded { message { id reactions { emoji count viewerHasReacted users { externalId } } } user { externalId } emoji }
      ... on ReactionRemoved { message { id reactions { emoji } } user { externalId } emoji } } } }`
    type Live = { updates: { change: { __typename: string } } }
    const follow = async (person: Person) => {
      const stream = person.socket().iterate<Live>({ query: document })
      await stream.next()
      return { person, stream }
    }
    const following = await Promise.all([patient, doctor, doctor].map(follow))
    await react(doctor, id, '👍')
    await react(patient, id, '👍')
    for (const { person, stream } of following) {
      const { conversation } = await person.must<{ conversation: { unreadCount: number } }>(
        'query ($id: ID!) { conversation(id: $id) { unreadCount } }',
        { id: conversationId },
      )
      const seen = [(await stream.next()).value?.data?.updates, (await stream.next()).value?.data?.updates]
      expect(seen).toEqual(
        [doctor, patient].map((by) => ({
          conversation: { id: conversationId },
          conversationUnreadCount: conversation.unreadCount,
          change: {
            __typename: 'ReactionAdded',
            message: { id, reactions: [expect.objectContaining({ emoji: '👍' })] },
            user: { externalId: by.externalId },
            emoji: '👍',
          },
        })),
      )
      expect(seen[1]).toMatchObject({
        change: { message: { reactions: [group('👍', true, doctor, patient)] } },
      })
    }
    for (const { person } of following) await person.close()
  })
})

describe('on what nobody reacts', () => {
  test('a tombstone: reactions go with the message, without an update of their own', async () => {
    const { id } = await patient.send(conversationId, 'Soon gone.')
    await react(doctor, id, '👍')
    await react(patient, id, '🎉')
    const lines = await told([patient, doctor], () =>
      patient.mutate('deleteMessage', { messageId: id, scope: 'EVERYONE' }),
    )
    expect(lines).toEqual([['MessageDeleted'], ['MessageDeleted']])
    expect(await reactionsOf(doctor, id)).toEqual([])
    expect(await world.sql('SELECT 1 FROM reactions WHERE message_id = $1::uuid', [rowId(id)])).toEqual([])
    for (const verb of [react, unreact])
      expect(await verb(doctor, id, '👍')).toEqual(forbidden('This message was deleted.'))
  })

  test('a SYSTEM message', async () => {
    const { owner, groupId } = await audience()
    const system = (await owner.history(groupId)).find(({ kind }) => kind === 'SYSTEM')
    expect(await react(owner, system?.id ?? '', '👍')).toEqual(
      forbidden('This was said by the conversation itself, and stays as it is.'),
    )
  })

  test('a message of a closed conversation, until it is open again', async () => {
    const { id } = await patient.send(conversationId, 'Before closing.')
    await react(patient, id, '👍')
    await doctor.mutate('closeConversation', { conversationId })
    for (const verb of [react, unreact])
      expect(await verb(patient, id, '👍')).toEqual(forbidden('This conversation is closed.'))
    expect(await reactionsOf(doctor, id)).toEqual([group('👍', false, patient)])
    await doctor.mutate('reopenConversation', { conversationId })
    expect(await unreact(patient, id, '👍')).toMatchObject({ message: { reactions: [] } })
  })

  test('a message of a conversation that one has left, or never saw', async () => {
    const { left, hider, late, messageId } = await audience()
    expect(await react(left, messageId, '👍')).toEqual(forbidden('Only who takes part reacts.'))
    for (const person of [hider, late, patient, world.admin(), world.platform()])
      for (const verb of [react, unreact]) expect(await verb(person, messageId, '👍')).toEqual(notFound)
  })
})

test('each change and each refusal is on record', async () => {
  const { owner, left, late, messageId } = await audience()
  const subject = `Message ${rowId(messageId)}`
  for (const [verb, action] of [
    [react, 'message.react'],
    [unreact, 'message.unreact'],
  ] as const) {
    const twice = async () => {
      await verb(owner, messageId, '👍')
      await verb(owner, messageId, '👍')
    }
    const entry = { action, outcome: 'ALLOWED', subject, messages: [rowId(messageId)] }
    expect(await recorded(owner, twice)).toEqual([entry])
    for (const person of [left, late])
      expect(await recorded(person, () => verb(person, messageId, '👍'))).toEqual([
        { ...entry, outcome: 'DENIED', messages: [] },
      ])
  }
})

function rowId(id: string): string {
  return Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
}
