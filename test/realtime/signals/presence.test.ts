import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisUrl } from '../../support/cluster.js'
import type { Person } from '../../support/person.js'
import { lastOf, presenceDocument, Signals } from '../../support/signals.js'
import { SseStream } from '../../support/sse.js'
import { token, World } from '../../support/world.js'

const redis = redisUrl()
const transports = [
  ['one node, within the process', {}, 0],
  ...(redis === null ? [] : [['two nodes over Redis', { nodes: 2, redisUrl: redis }, 1] as const]),
] as const

const presenceQuery =
  'query ($userIds: [ID!]!) { presence(userIds: $userIds) { userId user { externalId } isOnline availability lastSeenAt } }'

const ask = async (viewer: Person, people: readonly Person[]) =>
  (await viewer.must<{ presence: unknown[] }>(presenceQuery, { userIds: people.map(({ id }) => id) }))
    .presence

/** A connection of a person's, kept until it is closed. */
async function connected(person: Person): Promise<() => Promise<void>> {
  const stream = person.follow()
  await stream.caughtUp()
  return () => stream.close()
}

const shape = (person: Person, isOnline: boolean, availability: string, lastSeenAt: unknown) => ({
  userId: person.id,
  user: { externalId: person.externalId },
  isOnline,
  availability,
  lastSeenAt,
})

const aTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)

describe.each(transports)('presence: %s', (_, options, otherNode) => {
  let world: World
  beforeAll(async () => {
    world = await World.start(options)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('the state first, then every change; several devices are one person', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => all.length === 1, 'the state')
    const first = await connected(patient)
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    const second = await connected(patient.at(otherNode))
    await first()
    await patient.mutate('setAvailability', { availability: 'BUSY' })
    await seen.until((all) => lastOf(all, patient)?.availability === 'BUSY', 'busy')
    await second()
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    expect(seen.all).toEqual([
      shape(patient, false, 'AWAY', null),
      shape(patient, true, 'AVAILABLE', null),
      shape(patient, true, 'BUSY', null),
      shape(patient, false, 'AWAY', aTime),
    ])
    await doctor.close()
  })

  test('the query, the field of a user and a newcomer’s subscription agree', async () => {
    const { patient, doctor, conversationId } = await world.pair(0, otherNode)
    const leave = await connected(patient)
    const late = Signals.presence(doctor, [patient, doctor])
    const own = shape(doctor, true, 'AVAILABLE', null)
    await late.until((all) => lastOf(all, doctor)?.isOnline === true, 'oneself')
    await late.until((all) => lastOf(all, patient)?.isOnline === true, 'the patient')
    expect(await ask(doctor, [doctor, patient])).toEqual([own, shape(patient, true, 'AVAILABLE', null)])
    const { conversation } = await doctor.must<{ conversation: unknown }>(
      `{ conversation(id: "${conversationId}") { otherParticipant { presence { isOnline } } } }`,
    )
    expect(conversation).toEqual({ otherParticipant: { presence: { isOnline: true } } })
    await leave()
    await doctor.close()
  })

  test('INVISIBLE looks like leaving at that moment, and only its owner knows', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => all.length === 1, 'the state')
    const leave = await connected(patient)
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    const { presence } = await patient.mutate(
      'setAvailability',
      { availability: 'INVISIBLE' },
      'presence { userId user { externalId } isOnline availability lastSeenAt }',
    )
    expect(presence).toEqual(shape(patient, false, 'INVISIBLE', aTime))
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    const frozen = lastOf(seen.all, patient)
    expect(frozen).toEqual(shape(patient, false, 'AWAY', (presence as { lastSeenAt: string }).lastSeenAt))
    await world.sql(
      "UPDATE users SET last_seen_at = last_seen_at - interval '1 hour' WHERE external_id = $1",
      [patient.externalId],
    )
    await leave()
    const again = await connected(patient)
    await again()
    const [after] = (await ask(doctor, [patient])) as { lastSeenAt: string }[]
    expect(new Date(after?.lastSeenAt ?? 0).getTime()).toBe(
      new Date(frozen?.lastSeenAt ?? 0).getTime() - 3600_000,
    )
    await doctor.close()
  })

  test('who does not share it is away without a time, and nothing more is heard', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => all.length === 1, 'the state')
    const leave = await connected(patient)
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    await patient.mutate('updatePrivacy', { sharePresence: false })
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    expect(lastOf(seen.all, patient)).toEqual(shape(patient, false, 'AWAY', null))
    expect(await ask(doctor, [patient])).toEqual([])
    await patient.mutate('setAvailability', { availability: 'BUSY' })
    await patient.mutate('updatePrivacy', { sharePresence: true })
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    expect(seen.all).toHaveLength(4)
    await leave()
    await doctor.close()
  })

  test('whom somebody blocks sees them no more; the other way round it goes on', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const ends = [await connected(patient), await connected(doctor)]
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    await patient.mutate('blockUser', { userId: doctor.id })
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    expect(await ask(doctor, [patient])).toEqual([])
    expect(await ask(patient, [doctor])).toEqual([shape(doctor, true, 'AVAILABLE', null)])
    await patient.mutate('unblockUser', { userId: doctor.id })
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    for (const end of ends) await end()
    await doctor.close()
  })

  test('strangers, former members and those who administer see nothing; too many is INVALID_INPUT', async () => {
    const owner = await world.person('DOCTOR')
    const nurse = await world.person('STAFF', otherNode)
    const conversationId = await world.group(owner, [nurse])
    const leave = await connected(owner)
    await expect.poll(() => ask(nurse, [owner])).toEqual([shape(owner, true, 'AVAILABLE', null)])
    await owner.mutate('removeParticipant', { conversationId, userId: nurse.id })
    expect(await ask(nurse, [owner])).toEqual([])
    const { user } = await nurse.must<{ user: unknown }>(
      'query ($externalId: String!) { user(externalId: $externalId) { presence { isOnline } } }',
      { externalId: owner.externalId },
    )
    expect(user).toEqual({ presence: null })
    expect(await ask(world.platform(), [owner])).toEqual([])
    const tooMany = await nurse.ask(presenceQuery, { userIds: Array.from({ length: 101 }, () => owner.id) })
    expect(tooMany.errors).toEqual([
      expect.objectContaining({ path: ['presence'], extensions: { code: 'INVALID_INPUT' } }),
    ])
    await leave()
  })

  test('who follows something over SSE is there as long as that lasts', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => all.length === 1, 'the state')
    const stream = await SseStream.open(patient, presenceDocument, { userIds: [doctor.id] })
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    await expect.poll(() => stream.results.length).toBeGreaterThan(0)
    await stream.close()
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    await doctor.close()
  })

  test('whoever is deactivated is gone, and their own streams end', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => all.length === 1, 'the state')
    const own = Signals.presence(patient, [doctor])
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    await patient.upsert({ isActive: false })
    await own.ended()
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    expect(await ask(doctor, [patient])).toEqual([])
    await doctor.close()
  })

  test('a client that goes on signalling is slowed down', async () => {
    const person = await world.person('DOCTOR')
    const fields = Array.from(
      { length: 30 },
      (_, n) =>
        `n${n}: setAvailability(input: { availability: AVAILABLE }) { ... on RateLimitedError { code retryAfterSeconds } }`,
    )
    const results = Object.values(
      await person
        .ask<Record<string, { code?: string; retryAfterSeconds?: number }>>(
          `mutation { ${fields.join(' ')} }`,
        )
        .then(({ data }) => data ?? {}),
    )
    const refused = results.filter(({ code }) => code === 'RATE_LIMITED')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(11)
    for (const { retryAfterSeconds = 0 } of refused) {
      expect(retryAfterSeconds).toBeGreaterThan(0)
      expect(retryAfterSeconds).toBeLessThanOrEqual(0.25)
    }
  })

  test('a subscription ends for whom the reason to see somebody ends: a group, an appointment', async () => {
    const owner = await world.person('DOCTOR')
    const nurse = await world.person('STAFF', otherNode)
    const patient = await world.person('PATIENT', otherNode)
    const conversationId = await world.group(owner, [nurse])
    await world.appointment(patient, owner)
    const leave = await connected(owner)
    const byNurse = Signals.presence(nurse, [owner])
    const byPatient = Signals.presence(patient, [owner])
    for (const seen of [byNurse, byPatient])
      await seen.until((all) => lastOf(all, owner)?.isOnline === true, 'online')
    await owner.mutate('removeParticipant', { conversationId, userId: nurse.id })
    await world.appointment(patient, owner, 'CANCELLED')
    for (const seen of [byNurse, byPatient]) {
      await seen.until((all) => lastOf(all, owner)?.isOnline === false, 'offline', 3000)
      expect(lastOf(seen.all, owner)).toEqual(shape(owner, false, 'AWAY', null))
    }
    await owner.mutate('setAvailability', { availability: 'BUSY' })
    await owner.mutate('addParticipants', { conversationId, userIds: [nurse.id] })
    await byNurse.until((all) => lastOf(all, owner)?.availability === 'BUSY', 'busy', 3000)
    expect([byNurse.all.length, byPatient.all.length]).toEqual([3, 2])
    await leave()
    await nurse.close()
    await patient.close()
  })

  test('a query is no connection, whatever it accepts', async () => {
    const { patient, doctor } = await world.pair(0, otherNode)
    const seen = Signals.presence(doctor, [patient])
    await seen.until((all) => all.length === 1, 'the state')
    const response = await fetch(world.url(), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed',
        authorization: `Bearer ${await token(patient.externalId)}`,
      },
      body: JSON.stringify({ query: '{ viewer { id } }' }),
    })
    expect(response.status).toBe(200)
    await response.text()
    const leave = await connected(patient)
    await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
    await leave()
    await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline')
    expect(seen.all).toHaveLength(3)
    await doctor.close()
  })

  test('other devices hear of new settings by ViewerChanged; null is INVALID_INPUT', async () => {
    const person = await world.person('PATIENT')
    const stream = person.follow()
    await stream.caughtUp()
    const { viewer } = await person.mutate(
      'updatePrivacy',
      { sendTyping: false },
      'viewer { privacy { sendReadReceipts sendTyping sharePresence } }',
    )
    expect(viewer).toEqual({
      privacy: { sendReadReceipts: true, sendTyping: false, sharePresence: true },
    })
    await person.mutate('setAvailability', { availability: 'BUSY' })
    await stream.change('ViewerChanged', 2)
    await person.mutate('updatePrivacy', { sendTyping: false })
    expect(await person.mutate('updatePrivacy', { sendTyping: null, sharePresence: null })).toMatchObject({
      code: 'INVALID_INPUT',
      fields: [{ path: ['sendTyping'] }, { path: ['sharePresence'] }],
    })
    expect(stream.updates).toHaveLength(2)
    await person.close()
  })
})

const stopping = redis === null ? test.skip : test
stopping('a node that stops says at once who is gone with it', async () => {
  await using world = await World.start({ nodes: 2, redisUrl: redis ?? '' })
  const { patient, doctor } = await world.pair(1, 0)
  const seen = Signals.presence(doctor, [patient])
  await seen.until((all) => all.length === 1, 'the state')
  const stream = patient.follow()
  await stream.caughtUp()
  await seen.until((all) => lastOf(all, patient)?.isOnline === true, 'online')
  const [node] = world.nodes.splice(1)
  await node?.[Symbol.asyncDispose]()
  await seen.until((all) => lastOf(all, patient)?.isOnline === false, 'offline', 5000)
  expect(lastOf(seen.all, patient)).toEqual(shape(patient, false, 'AWAY', aTime))
  await stream.close()
  await doctor.close()
})

test('the time somebody was last seen survives a restart', async () => {
  await using world = await World.start()
  const { patient, doctor } = await world.pair()
  const leave = await connected(patient)
  await leave()
  await expect
    .poll(async () => ((await ask(doctor, [patient])) as { isOnline: boolean }[])[0]?.isOnline)
    .toBe(false)
  const before = await ask(doctor, [patient])
  expect(before).toEqual([shape(patient, false, 'AWAY', aTime)])
  await world.restart()
  expect(await ask(doctor, [patient])).toEqual(before)
})
