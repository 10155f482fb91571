import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { Person, Result } from '../../support/person.js'
import type { World } from '../../support/world.js'
import {
  Barrage,
  range,
  rounds,
  rowIdOf,
  rowsOf,
  sequencesSeen,
  startRaces,
  toldSequences,
} from './racing.js'

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

interface Pair {
  readonly patient: Person
  readonly doctor: Person
  readonly conversationId: string
}

/** What ends sending in a DIRECT conversation and what allows it again, with what each side is told in between. */
const changes: {
  name: string
  end: (pair: Pair) => Promise<unknown>
  again: (pair: Pair) => Promise<unknown>
  patient: string
  doctor: string
  /** The action on record; both it and each send are recorded under the lock that orders them. */
  action: string
}[] = [
  {
    name: 'blockUser',
    end: ({ patient, doctor }) => done(patient.at(1).mutate('blockUser', { userId: doctor.id })),
    again: ({ patient, doctor }) => done(patient.at(0).mutate('unblockUser', { userId: doctor.id })),
    patient: 'CANNOT_SEND BLOCKED',
    doctor: 'CANNOT_SEND USER_INACTIVE',
    action: 'user.block',
  },
  {
    name: 'closeConversation',
    end: ({ doctor, conversationId }) => done(doctor.at(0).mutate('closeConversation', { conversationId })),
    again: ({ doctor, conversationId }) =>
      done(doctor.at(1).mutate('reopenConversation', { conversationId })),
    patient: 'CANNOT_SEND CONVERSATION_CLOSED',
    doctor: 'CANNOT_SEND CONVERSATION_CLOSED',
    action: 'conversation.close',
  },
  {
    name: 'a cancelled appointment',
    end: ({ patient, doctor }) => world.appointment(patient, doctor, 'CANCELLED'),
    again: ({ patient, doctor }) => world.appointment(patient, doctor, 'COMPLETED'),
    patient: 'CANNOT_SEND NO_CARE_RELATIONSHIP',
    doctor: 'CANNOT_SEND NO_CARE_RELATIONSHIP',
    action: 'appointment.upsert',
  },
  {
    name: 'deactivation',
    end: ({ patient }) => patient.upsert({ isActive: false }),
    again: ({ patient }) => patient.upsert({ isActive: true }),
    patient: 'UNAUTHENTICATED',
    doctor: 'CANNOT_SEND USER_INACTIVE',
    action: 'user.upsert',
  },
]

async function done(mutation: Promise<Result>): Promise<void> {
  const result = await mutation
  expect(result).toEqual({ __typename: expect.stringMatching(/Payload$/) })
}

test.each(changes)(
  'no message is accepted once $name was answered',
  async ({ end, again, action, ...told }) => {
    await rounds(6, async () => {
      const pair = await world.pair(0, 1)
      const { patient, doctor, conversationId } = pair
      const barrage = new Barrage([patient, doctor], conversationId)
      const [{ before } = { before: 0 }] = await world.sql<{ before: number }>(
        'SELECT max(id) AS before FROM audit_events',
      )
      await barrage.against(() => end(pair))
      expect(barrage.lateOutcomes(patient)).toEqual([told.patient])
      expect(barrage.lateOutcomes(doctor)).toEqual([told.doctor])
      const late = await world.sql<object>(
        `SELECT e.id FROM audit_events e
        WHERE e.action = 'message.send' AND e.outcome = 'ALLOWED' AND e.conversation_id = $1::uuid
          AND e.id > (SELECT min(x.id) FROM audit_events x WHERE x.action = $2 AND x.id > $3
                         AND ($1::uuid = x.conversation_id OR x.subject_id = ANY ($4::uuid[])))`,
        [rowIdOf(conversationId), action, before, [patient.rowId, doctor.rowId]],
      )
      expect(late).toEqual([])
      await barrage.resumeAfter(() => again(pair))
      expect(barrage.lateOutcomes(doctor)).toEqual(['SENT'])
      // A node may take two seconds to let in again whom it knew as inactive.
      expect(barrage.lateOutcomes(patient).filter((outcome) => outcome !== 'UNAUTHENTICATED')).toEqual([
        'SENT',
      ])
      await barrage.end()
      const said = (await doctor.history(conversationId)).filter(({ kind }) => kind === 'TEXT')
      expect(said.map(({ body }) => body).sort()).toEqual(barrage.accepted.map(({ body }) => body).sort())
    })
    expect(await faultsOf(world)).toEqual([])
  },
)

test('in a group a block hides from the blocker alone what is said while it stands', async () => {
  await rounds(6, async () => {
    const [loud, quiet, third] = await Promise.all([0, 1, 0].map((node) => world.person('DOCTOR', node)))
    if (!loud || !quiet || !third) throw new Error('nobody there')
    const conversationId = await world.group(third, [loud, quiet])
    const barrage = new Barrage([loud, third], conversationId)
    await barrage.against(() => done(quiet.at(0).mutate('blockUser', { userId: loud.id })))
    const atBlock = barrage.late.filter(({ by }) => by === loud.externalId)
    await barrage.against(() => done(quiet.at(1).mutate('unblockUser', { userId: loud.id })))
    await barrage.end()
    expect([...new Set(barrage.attempts.map(({ outcome }) => outcome.code))]).toEqual(['SENT'])

    const all = await third.history(conversationId)
    expect(all.map(({ sequence }) => sequence)).toEqual(range(1, barrage.accepted.length))
    expect(await sequencesSeen(loud, conversationId)).toEqual(range(1, all.length))
    const seen = await sequencesSeen(quiet, conversationId)
    expect(await toldSequences(world, quiet, conversationId)).toEqual(seen)
    const hidden = all.filter(({ sequence }) => !seen.includes(sequence))
    expect(new Set(hidden.map(({ sender }) => (sender as { externalId: string }).externalId))).toEqual(
      new Set([loud.externalId]),
    )
    // What of the blocked person's is seen lies before the first hidden one, or after the last.
    const loudSeen = all
      .filter(({ sender }) => (sender as { externalId: string }).externalId === loud.externalId)
      .filter(({ sequence }) => seen.includes(sequence))
    const between = loudSeen.filter(
      ({ sequence }) => sequence > (hidden[0]?.sequence ?? 0) && sequence < (hidden.at(-1)?.sequence ?? 0),
    )
    expect(between).toEqual([])
    expect(
      atBlock.map(({ body }) => body).filter((body) => !hidden.some((one) => one.body === body)),
    ).toEqual([])
    expect(atBlock.length).toBeGreaterThan(0)
    // In the blocker's own stream the block and the unblock stand where the hole is.
    const kinds = (await rowsOf(world, quiet, conversationId)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'VIEWER_CHANGED')).toHaveLength(2)
  })
  expect(await faultsOf(world)).toEqual([])
})

test('nothing but its own SYSTEM message follows the closing of a group', async () => {
  await rounds(6, async () => {
    const [owner, member] = await Promise.all([0, 1].map((node) => world.person('DOCTOR', node)))
    if (!owner || !member) throw new Error('nobody there')
    const conversationId = await world.group(owner, [member])
    const barrage = new Barrage([owner, member], conversationId)
    await barrage.against(() => done(owner.at(1).mutate('closeConversation', { conversationId })))
    await barrage.end()
    const all = await member.history(conversationId)
    expect(all.at(-1)).toMatchObject({ kind: 'SYSTEM', systemEvent: { kind: 'CONVERSATION_CLOSED' } })
    expect(
      all
        .slice(0, -1)
        .map(({ body }) => body)
        .sort(),
    ).toEqual(barrage.accepted.map(({ body }) => body).sort())
  })
  expect(await faultsOf(world)).toEqual([])
})
