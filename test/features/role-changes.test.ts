import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const partsDocument = `query ($id: ID!) { conversation(id: $id) { participants { edges { node { role user { externalId } } } } } }`

async function parts(viewer: Person, id: string): Promise<string[]> {
  const data = await viewer.must<{
    conversation: { participants: { edges: { node: { role: string; user: { externalId: string } } }[] } }
  }>(partsDocument, { id })
  return data.conversation.participants.edges.map(({ node }) => `${node.user.externalId} ${node.role}`)
}

test('an owner who becomes an administrator leaves, and the longest-standing doctor succeeds', async () => {
  const [owner, second, nurse] = [
    await world.person('DOCTOR'),
    await world.person('DOCTOR'),
    await world.person('STAFF'),
  ]
  const group = await world.group(owner, [nurse, second])
  const stream = second.follow()
  await stream.caughtUp()
  await owner.upsert({ role: 'ADMIN' })
  await stream.change('ParticipantLeft')
  await stream.change('ParticipantChanged')
  await stream.change('MessageSent', 2)
  expect(await parts(second, group)).toEqual([`${second.externalId} OWNER`, `${nurse.externalId} MEMBER`])
  await stream.close()
})

test('an owner who becomes a caregiver stays as a member', async () => {
  const [owner, second] = [await world.person('DOCTOR'), await world.person('DOCTOR')]
  const group = await world.group(owner, [second])
  const stream = second.follow()
  await stream.caughtUp()
  await owner.upsert({ role: 'CAREGIVER' })
  await stream.change('ParticipantChanged', 2)
  await stream.change('MessageSent')
  expect(await parts(second, group)).toEqual([`${second.externalId} OWNER`, `${owner.externalId} MEMBER`])
  await stream.close()
})
