import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

test('while nothing happens, CaughtUp comes again every 15 seconds with the last cursor', {
  timeout: 60_000,
}, async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const stream = doctor.follow()
  await stream.caughtUp()
  await patient.send(conversationId, 'Good evening.')
  await stream.change('MessageSent')
  const began = performance.now()
  await stream.until((updates) => updates.at(-1)?.change?.__typename === 'CaughtUp', 'a heartbeat', 25_000)
  expect(performance.now() - began).toBeGreaterThan(14_000)
  expect(stream.all.map((update) => update.change?.__typename)).toEqual([
    'CaughtUp',
    'MessageSent',
    'CaughtUp',
  ])
  const [, sent, heartbeat] = stream.all
  expect(heartbeat).toMatchObject({
    cursor: sent?.cursor,
    viewerUnreadCount: 1,
    conversation: null,
    change: { replayed: 0 },
  })
  await stream.close()
})
