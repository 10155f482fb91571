import { type Client, createClient } from 'graphql-ws'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { presenceTimeoutSeconds } from '../../src/features/signals/presence-board.js'
import { typingTimeoutSeconds } from '../../src/features/signals/typing-board.js'
import { describeWithRedis } from '../support/cluster.js'
import { ParleyProcess } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'
import { lastOf, Signals, typingDocument, typistsIn } from '../support/signals.js'
import { environmentOf, token, World } from '../support/world.js'

const setTyping =
  'mutation ($input: SetTypingInput!) { setTyping(input: $input) { __typename ... on Error { code detail } } }'

describeWithRedis('signals when things fail', () => {
  let redis: RedisServer
  let world: World
  let other: { readonly parley: ParleyProcess; readonly url: string }

  async function startOther() {
    const parley = ParleyProcess.start(environmentOf(world.database.connectionString, world.options))
    const [, url] = await parley.printed(/ready url="([^"]+)"/)
    return { parley, url: `${url}/graphql`.replace('http', 'ws') }
  }

  /** A person's socket to the other node. */
  function socketOf(person: Person): Client {
    return createClient({
      url: other.url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: async () => ({ authorization: `Bearer ${await token(person.externalId)}` }),
    })
  }

  async function type(client: Client, conversationId: string): Promise<void> {
    const variables = { input: { conversationId, isTyping: true } }
    for await (const { data } of client.iterate<{ setTyping: object }>({ query: setTyping, variables }))
      expect(data?.setTyping).toEqual({ __typename: 'SetTypingPayload' })
  }

  beforeAll(async () => {
    const started = await startRedisServer()
    if (!started) throw new Error('redis-server was there a moment ago')
    redis = started
    world = await World.start({ redisUrl: redis.url })
  })
  beforeEach(async () => {
    other ??= await startOther()
    if (other.parley.child.exitCode !== null || other.parley.child.signalCode !== null)
      other = await startOther()
  })
  afterAll(async () => {
    await other.parley.end('SIGKILL')
    await world[Symbol.asyncDispose]()
    await redis.stop()
  })

  test('a node is killed: watchers elsewhere see its people gone in time, and since when', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const presence = Signals.presence(doctor, [patient])
    const typing = Signals.typing(doctor, null)
    const socket = socketOf(patient)
    const kept = new Signals(socket, typingDocument, { conversationId })
    await presence.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    await type(socket, conversationId)
    await typing.until((all) => typistsIn(all, conversationId) === patient.externalId, 'typing')

    const killedAt = Date.now()
    await other.parley.end('SIGKILL')
    await kept.ended()
    await typing.until((all) => typistsIn(all, conversationId) === '', 'nobody', 10_000)
    expect(Date.now() - killedAt).toBeLessThan((typingTimeoutSeconds + 1) * 1000)
    await presence.until((all) => lastOf(all, patient)?.isOnline === false, 'offline', 60_000)
    expect(Date.now() - killedAt).toBeLessThan(presenceTimeoutSeconds * 1000)
    const seenAt = new Date(lastOf(presence.all, patient)?.lastSeenAt ?? 0).getTime()
    expect(Math.abs(killedAt - seenAt)).toBeLessThan(10_000)
    // Whoever noticed has put it on record, and says it once.
    await expect
      .poll(() =>
        world.sql('SELECT last_seen_at AS at FROM users WHERE external_id = $1', [patient.externalId]),
      )
      .toEqual([{ at: new Date(seenAt) }])
    const told = presence.all.length
    await expect
      .poll(() => Date.now() - killedAt, { timeout: 60_000, interval: 1000 })
      .toBeGreaterThan(40_000)
    expect(presence.all).toHaveLength(told)
    await doctor.close()
  })

  test('Redis comes back empty: presence and typing come back by themselves', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const presence = Signals.presence(doctor, [patient])
    const typing = Signals.typing(doctor, null)
    const socket = socketOf(patient)
    new Signals(socket, typingDocument, { conversationId })
    await presence.until((all) => lastOf(all, patient)?.isOnline === true, 'online')

    await redis.stop()
    const restarted = await startRedisServer(redis.port)
    if (!restarted) throw new Error('Redis does not come back')
    redis = restarted
    await expect
      .poll(
        async () => {
          await type(socket, conversationId)
          return typistsIn(typing.all, conversationId)
        },
        { timeout: 20_000, interval: 1000 },
      )
      .toBe(patient.externalId)
    const newcomer = Signals.presence(doctor, [patient])
    await newcomer.until((all) => lastOf(all, patient)?.isOnline === true, 'online', 20_000)
    expect(lastOf(presence.all, patient)?.isOnline).toBe(true)

    await socket.dispose()
    await presence.until((all) => lastOf(all, patient)?.isOnline === false, 'offline', 20_000)
    await typing.until((all) => typistsIn(all, conversationId) === '', 'nobody')
    await doctor.close()
  })

  test('while Redis is away a node still shows what it knows itself', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await redis.stop()
    const presence = Signals.presence(doctor, [patient])
    const typing = Signals.typing(doctor, conversationId)
    const stream = patient.follow()
    await stream.caughtUp()
    await presence.until((all) => lastOf(all, patient)?.isOnline === true, 'online', 20_000)
    await patient.mutate('setTyping', { conversationId, isTyping: true })
    await typing.until((all) => typistsIn(all, conversationId) === patient.externalId, 'typing')
    const sent = await patient.send(conversationId, 'Still here')
    await stream.change('MessageSent')
    await typing.until((all) => typistsIn(all, conversationId) === '', 'nobody')
    expect(sent.sequence).toBe(1)
    const restarted = await startRedisServer(redis.port)
    if (!restarted) throw new Error('Redis does not come back')
    redis = restarted
    await stream.close()
    await patient.close()
    await doctor.close()
  })
})
