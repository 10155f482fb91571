import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { World } from '../../support/world.js'
import { range, startRaces } from './racing.js'

// More than a node has connections: a change that needs a second one while it holds its own would wait for itself.
const crowd = 48

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('a crowd changes its groups at once', async () => {
  const patient = await world.person('PATIENT')
  const [joiner, leaver] = await Promise.all([world.person('DOCTOR'), world.person('STAFF')])
  const owners = await Promise.all(range(1, crowd).map(() => world.person('DOCTOR')))
  for (const owner of owners) await world.appointment(patient, owner)
  const groups: string[] = []
  for (const owner of owners) groups.push(await world.group(owner, [leaver], patient))
  const results = await Promise.all(
    owners.flatMap((owner, index) => [
      owner.mutate('addParticipants', { conversationId: groups[index], userIds: [joiner.id] }),
      owner.mutate('removeParticipant', { conversationId: groups[index], userId: leaver.id }),
    ]),
  )
  expect(results.filter(({ code }) => code !== undefined)).toEqual([])
  expect(await faultsOf(world)).toEqual([])
})

test('a crowd blocks, edits and closes at once', async () => {
  const pairs = await Promise.all(range(1, crowd).map(() => world.pair()))
  const messages = await Promise.all(
    pairs.map(({ patient, conversationId }) => patient.send(conversationId, 'Before.')),
  )
  // Nodes that have not opened these conversations’ keys yet.
  const results = await Promise.all(
    pairs.flatMap(({ patient, doctor, conversationId }, index) => [
      patient.at(1).mutate('editMessage', { messageId: messages[index]?.id, body: 'After.' }),
      patient.at(1).mutate('blockUser', { userId: doctor.id, reason: 'Enough.' }),
      doctor.at(1).mutate('closeConversation', { conversationId, reason: 'Done.' }),
    ]),
  )
  const refusals = results.filter(({ code }) => code !== undefined)
  // An edit may come after the close.
  expect(
    refusals.filter(({ code, reasons }) => `${code} ${reasons}` !== 'CANNOT_SEND CONVERSATION_CLOSED'),
  ).toEqual([])
  expect(await faultsOf(world)).toEqual([])
})

test('a crowd makes groups about a patient at once', async () => {
  const patient = await world.person('PATIENT')
  const owners = await Promise.all(range(1, crowd).map(() => world.person('DOCTOR')))
  for (const owner of owners) await world.appointment(patient, owner)
  const groups = await Promise.all(owners.map((owner) => world.group(owner, [], patient)))
  expect(new Set(groups).size).toBe(crowd)
  expect(await faultsOf(world)).toEqual([])
})
