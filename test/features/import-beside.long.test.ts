import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Imported, importLines, temporaryFile } from '../support/import.js'
import { complaintsOf, environmentOf, startImport } from '../support/import-command.js'
import { faultsOf } from '../support/invariants.js'
import { until } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  expect(await faultsOf(world)).toEqual([])
  await world[Symbol.asyncDispose]()
})

const pairs = 150
const teams = 10
const teamSize = 100
const sentAt = '2024-05-01T09:00:00Z'

/** Everything in which one doctor can be: appointments and conversations with new patients, and teams of a hundred. */
function linesOf(doctor: string): unknown[] {
  const patients = Array.from({ length: pairs }, (_, index) => `beside-patient-${index}`)
  const staff = Array.from({ length: teamSize }, (_, index) => `beside-staff-${index}`)
  const person = (externalId: string, role: string) => ({ person: { externalId, displayName: 'X', role } })
  const said = (conversationExternalId: string) => ({
    message: {
      conversationExternalId,
      senderExternalId: doctor,
      clientMessageId: randomUUID(),
      sentAt,
      body: 'from before',
    },
  })
  const of = (patient: string) => ({ patientExternalId: patient, doctorExternalId: doctor })
  return [
    ...staff.map((externalId) => person(externalId, 'STAFF')),
    ...patients.map((externalId) => person(externalId, 'PATIENT')),
    ...patients.map((patient) => ({
      appointment: { externalId: patient, ...of(patient), status: 'COMPLETED', startsAt: sentAt },
    })),
    ...patients.flatMap((patient) => [
      { conversation: { kind: 'DIRECT', externalId: patient, ...of(patient) } },
      said(patient),
    ]),
    ...Array.from({ length: teams }, (_, index) => `beside-team-${index}`).flatMap((externalId) => [
      {
        conversation: {
          kind: 'GROUP',
          externalId,
          title: 'A team',
          ownerExternalId: doctor,
          participantExternalIds: staff,
        },
      },
      said(externalId),
    ]),
  ]
}

it('ends no send of theirs: the doctor of all that is imported sends and receives meanwhile', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const stream = doctor.follow()
  await stream.caughtUp()
  await using file = await temporaryFile(linesOf(doctor.externalId))
  const command = startImport(environmentOf(world), file.path)
  let isOver = false
  const over = command.exitCode().then((code) => {
    isOver = true
    return code
  })
  const sent = new Set<string>()
  const took: number[] = []
  const talk = async (person: Person) => {
    while (!isOver) {
      const began = performance.now()
      // Throws at SERVICE_UNAVAILABLE.
      const { id } = await person.send(conversationId, 'meanwhile')
      took.push(performance.now() - began)
      sent.add(id)
    }
  }
  const [code] = await Promise.all([over, talk(doctor), talk(patient)])
  expect([code, complaintsOf(command)]).toEqual([0, ''])
  expect(command.stdout).toContain(`imports ended: ${pairs + teams} conversations`)

  took.sort((a, b) => a - b)
  const at = (share: number) => Math.round(took[Math.floor((took.length - 1) * share)] ?? Number.NaN)
  console.log(
    `${took.length} sends beside an import: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`,
  )
  const said = (await doctor.history(conversationId)).map((message) => message.id)
  expect(new Set(said)).toEqual(sent)
  const received = () =>
    stream.updates.filter(
      (update) => update.conversation?.id === conversationId && update.change?.__typename === 'MessageSent',
    )
  await stream.until(() => received().length >= said.length, 'all that was said')
  expect(received().map((update) => update.change?.message)).toEqual(
    said.map((id) => expect.objectContaining({ id })),
  )
  await doctor.close()
})

/** Whose streams an import holds at the moment at which it waits for this person's. */
async function heldWhile(userId: string, run: () => Promise<Imported>): Promise<string[]> {
  const client = new pg.Client({ connectionString: world.database.connectionString })
  await client.connect()
  let imported: Promise<Imported> | undefined
  try {
    await client.query('BEGIN')
    await client.query('SELECT 1 FROM user_streams WHERE user_id = $1 FOR UPDATE', [userId])
    imported = run()
    imported.catch(() => {})
    const waiting = async () => {
      const found = await world.sql(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            AND query LIKE 'SELECT lock_for_write($1::uuid[]%'`,
      )
      return found.length > 0
    }
    await until(waiting, 'the import waits')
    const { rows } = await client.query<{ externalId: string }>(
      `SELECT u.external_id AS "externalId" FROM users u WHERE u.external_id LIKE 'held-%' AND u.id <> $1 AND u.id NOT IN (
         SELECT s.user_id FROM user_streams s FOR UPDATE SKIP LOCKED)`,
      [userId],
    )
    return rows.map((row) => row.externalId)
  } finally {
    await client.end()
    expect((await imported)?.notes).toEqual([])
  }
}

it('holds the streams of few people at a time, and those of doctors for no new appointment', async () => {
  const numbers = Array.from({ length: 120 }, (_, index) => index)
  const of = (index: number) => ({
    patientExternalId: `held-patient-${index}`,
    doctorExternalId: `held-doctor-${index}`,
  })
  const person = (externalId: string, role: string) => ({ person: { externalId, displayName: 'X', role } })
  await importLines(world, [
    ...numbers.map((index) => person(of(index).doctorExternalId, 'DOCTOR')),
    ...numbers.map((index) => person(of(index).patientExternalId, 'PATIENT')),
  ])
  const [last] = await world.sql<{ id: string }>(
    `SELECT id FROM users WHERE external_id LIKE 'held-patient-%' ORDER BY id DESC LIMIT 1`,
  )
  const appointments = numbers.map((index) => ({
    appointment: { externalId: `held-${index}`, ...of(index), status: 'COMPLETED', startsAt: sentAt },
  }))
  const conversations = numbers.map((index) => ({
    conversation: { kind: 'DIRECT', externalId: `held-${index}`, ...of(index) },
  }))
  const ofAppointments = await heldWhile(last?.id ?? '', () => importLines(world, appointments))
  expect(ofAppointments.filter((name) => name.startsWith('held-doctor'))).toEqual([])
  expect(ofAppointments.length).toBeLessThan(50)
  const stopped = { stopAfterBatches: 1 }
  const ofConversations = await heldWhile(last?.id ?? '', () => importLines(world, conversations, stopped))
  // Of the ten conversations of a transaction all but the one who is waited for.
  expect(ofConversations).toHaveLength(19)
  expect(await heldWhile(last?.id ?? '', () => importLines(world, conversations))).toHaveLength(19)
})
