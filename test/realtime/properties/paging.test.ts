import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../../support/person.js'
import { allUpdatesAfter, updateCursor } from '../../support/updates-page.js'
import { World } from '../../support/world.js'

interface Page {
  readonly edges: { readonly cursor: string; readonly node: { readonly id: string } }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

const connection =
  'edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const paging = '$first: Int, $after: String, $last: Int, $before: String'
const given = 'first: $first, after: $after, last: $last, before: $before'

async function messages(person: Person, id: string, args: object): Promise<Page> {
  const { conversation } = await person.must<{ conversation: { messages: Page } }>(
    `query ($id: ID!, ${paging}) { conversation(id: $id) { messages(${given}) { ${connection} } } }`,
    { id, ...args },
  )
  return conversation.messages
}

async function conversations(person: Person, args: object): Promise<Page> {
  const data = await person.must<{ conversations: Page }>(
    `query (${paging}) { conversations(${given}) { ${connection} } }`,
    args,
  )
  return data.conversations
}

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const sizes = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 100 }))
const steps = fc.array(
  fc.record({
    size: sizes,
    isForward: fc.boolean(),
    isSaidBetween: fc.boolean(),
    isHiddenBetween: fc.boolean(),
  }),
  { minLength: 8, maxLength: 8 },
)
const idsOf = (page: Page) => page.edges.map(({ node }) => node.id)

/** A group of which the reader has seen two stays, with messages hidden here and there. */
async function conversationWithGaps() {
  const owner = await world.person('DOCTOR')
  const reader = await world.person('STAFF')
  const conversationId = await world.group(owner, [reader])
  const say = async (count: number) => {
    const sent = []
    for (let index = 0; index < count; index++) sent.push(await owner.send(conversationId, `${index}`))
    return sent
  }
  const first = await say(15)
  await owner.mutate('removeParticipant', { conversationId, userId: reader.id })
  await say(9)
  await owner.mutate('addParticipants', { conversationId, userIds: [reader.id] })
  const second = await say(15)
  for (const { id } of [first[0], first[7], first[8], second[14]].filter((each) => each !== undefined))
    await reader.mutate('deleteMessage', { messageId: id, scope: 'ME' })
  return { owner, reader, conversationId }
}

test('paging messages in any order, direction and size covers each once, while new ones arrive', async () => {
  const { owner, reader, conversationId } = await conversationWithGaps()
  await fc.assert(
    fc.asyncProperty(steps, fc.double({ min: 0, max: 1, noNaN: true }), async (walk, place) => {
      const all = (await reader.history(conversationId)).map(({ id }) => id)
      const begun = await messages(reader, conversationId, {
        first: 1 + Math.floor(place * (all.length - 1)),
      })
      // From somewhere in the middle, both ways in turns.
      const seen = idsOf(begun).slice(-1)
      let [low, high] = [begun.pageInfo.endCursor, begun.pageInfo.endCursor]
      let hasBefore = true
      let hasAfter = true
      const hidden: string[] = []
      for (let index = 0; hasBefore || hasAfter; index++) {
        const step = walk[index % walk.length]
        if (!step) throw new Error('a walk without steps')
        if (step.isSaidBetween && index < walk.length) await owner.send(conversationId, 'meanwhile')
        if (step.isHiddenBetween && index < 2) {
          const messageId = all[(index * 7) % all.length] ?? ''
          hidden.push(messageId)
          await reader.mutate('deleteMessage', { messageId, scope: 'ME' })
        }
        if (step.isForward ? hasAfter : !hasBefore) {
          const page = await messages(reader, conversationId, { first: step.size, after: high })
          expect(page.edges.length).toBeLessThanOrEqual(step.size)
          expect(page.pageInfo.hasPreviousPage).toBe(true)
          seen.push(...idsOf(page))
          high = page.pageInfo.endCursor ?? high
          hasAfter = page.pageInfo.hasNextPage
        } else {
          const page = await messages(reader, conversationId, { last: step.size, before: low })
          expect(page.edges.length).toBeLessThanOrEqual(step.size)
          expect(page.pageInfo.hasNextPage).toBe(true)
          seen.unshift(...idsOf(page))
          low = page.pageInfo.startCursor ?? low
          hasBefore = page.pageInfo.hasPreviousPage
        }
      }
      // What arrived after the last page forward is what one more page brings.
      seen.push(...idsOf(await messages(reader, conversationId, { first: 100, after: high })))
      const now = (await reader.history(conversationId)).map(({ id }) => id)
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.filter((id) => !hidden.includes(id))).toEqual(now)
    }),
    { numRuns: 8, endOnFailure: true },
  )
})

test('paging conversations passes none over, while some move to the top', async () => {
  const doctor = await world.person('DOCTOR')
  const colleague = await world.person('DOCTOR')
  const ids: string[] = []
  for (let index = 0; index < 24; index++) ids.push(await world.group(colleague, [doctor]))
  // Some have had activity at the same instant.
  await world.sql(
    `UPDATE participants SET last_activity_at = date_trunc('second', last_activity_at) WHERE user_id = $1::uuid`,
    [doctor.rowId],
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), moved: fc.option(fc.nat({ max: 23 })) }), {
        minLength: 24,
        maxLength: 24,
      }),
      fc.boolean(),
      async (walk, isForward) => {
        const cursor = await updateCursor(doctor)
        const seen: string[] = []
        let from: string | null = null
        for (const { size, moved } of walk) {
          const page: Page = await conversations(
            doctor,
            isForward ? { first: size, after: from } : { last: size, before: from },
          )
          seen.push(...idsOf(page))
          from = isForward ? page.pageInfo.endCursor : page.pageInfo.startCursor
          if (isForward ? !page.pageInfo.hasNextPage : !page.pageInfo.hasPreviousPage) break
          if (moved !== null) await colleague.send(ids[moved] ?? '', 'to the top')
        }
        const movedIds = (await allUpdatesAfter(doctor, cursor)).map((update) => update.conversation?.id)
        const unmoved = ids.filter((id) => !movedIds.includes(id))
        // What did not move is there once; what did is there, or the stream has told of it.
        expect(seen.filter((id) => unmoved.includes(id)).sort()).toEqual(unmoved.sort())
        expect(new Set([...seen, ...movedIds]).size).toBe(ids.length)
        if (isForward) expect(new Set(seen).size).toBe(seen.length)
      },
    ),
    { numRuns: 8, endOnFailure: true },
  )
})
