import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../support/invariants.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

// The largest groups, made in one go: nobody waits for it but who asked.

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

test('254 people join at once, and whoever writes to one of them meanwhile is not kept waiting', async () => {
  const owner = await world.person('DOCTOR')
  const first = await world.person('STAFF')
  const groupId = await world.group(owner, [first])
  const joining: Person[] = []
  while (joining.length < 254) joining.push(await world.person('STAFF'))
  const [one] = joining
  const elsewhere = await world.group(owner, one ? [one] : [])

  let isDone = false
  const adding = owner
    .mutate('addParticipants', { conversationId: groupId, userIds: joining.map(({ id }) => id) })
    .finally(() => {
      isDone = true
    })
  const waits: number[] = []
  while (!isDone) {
    const start = performance.now()
    await one?.send(elsewhere, 'meanwhile')
    waits.push(performance.now() - start)
  }
  expect(await adding).not.toHaveProperty('code')
  expect(waits.length).toBeGreaterThan(5)
  expect(Math.max(...waits)).toBeLessThan(4000)
  const { conversation } = await owner.must<{ conversation: { participantCount: number } }>(
    'query ($id: ID!) { conversation(id: $id) { participantCount } }',
    { id: groupId },
  )
  expect(conversation.participantCount).toBe(256)
  const another = await world.person('STAFF')
  expect(
    await owner.mutate('addParticipants', { conversationId: groupId, userIds: [another.id] }),
  ).toMatchObject({ code: 'INVALID_INPUT' })
  expect(await faultsOf(world)).toEqual([])
})
