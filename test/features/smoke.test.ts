import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start({ nodes: 2 })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('a message sent on one node reaches the other person on another', async () => {
  const { patient, doctor, conversationId } = await world.pair(0, 1)
  const stream = doctor.follow()
  await stream.caughtUp()
  const sent = await patient.send(conversationId, 'Good morning, doctor.')
  const change = await stream.change('MessageSent')
  expect(change.message).toMatchObject({
    id: sent.id,
    body: 'Good morning, doctor.',
    sequence: 1,
    clientMessageId: null,
  })
  expect(await doctor.history(conversationId)).toMatchObject([{ id: sent.id, body: 'Good morning, doctor.' }])
  await stream.close()
})
