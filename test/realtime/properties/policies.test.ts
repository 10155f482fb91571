import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { visibleConversationSql, visibleConversations } from '../../../src/features/conversations/policy.js'
import { visibleMessageSql, visibleMessages } from '../../../src/features/messages/policy.js'
import { messageableUsers, visibleUserSql, visibleUsers } from '../../../src/features/people/policy.js'
import { newId } from '../../../src/platform/ids.js'
import { World } from '../../support/world.js'

const roles = ['PATIENT', 'DOCTOR', 'STAFF', 'CAREGIVER', 'ADMIN', 'AUDITOR', 'SERVICE'] as const
const statuses = ['SCHEDULED', 'COMPLETED', 'CANCELLED'] as const

let world: World
beforeAll(async () => {
  world = await World.start({ env: { PARLEY_ROLE: 'api' } })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const person = fc.nat({ max: 9 })

/** Ten people, three conversations, and how they stand to each other; numbers are places in the lists. */
const scenes = fc.record({
  // Each role is there; the rest is any.
  people: fc.tuple(
    fc.array(fc.record({ role: fc.constantFrom(...roles), isActive: fc.boolean() }), {
      minLength: 3,
      maxLength: 3,
    }),
    fc.array(fc.boolean(), { minLength: roles.length, maxLength: roles.length }),
  ),
  appointments: fc.array(
    fc.record({ patient: person, doctor: person, status: fc.constantFrom(...statuses) }),
    {
      maxLength: 8,
    },
  ),
  blocks: fc.uniqueArray(fc.tuple(person, person), { maxLength: 6, selector: String }),
  stays: fc.uniqueArray(
    fc.record({
      conversation: fc.nat({ max: 2 }),
      person,
      from: fc.integer({ min: 1, max: 8 }),
      length: fc.option(fc.nat({ max: 4 })),
    }),
    { maxLength: 12, selector: (stay) => `${stay.conversation}:${stay.person}:${stay.from}` },
  ),
  hidden: fc.uniqueArray(fc.tuple(person, fc.nat({ max: 2 }), fc.integer({ min: 1, max: 8 })), {
    maxLength: 6,
    selector: String,
  }),
})

type Scene = typeof scenes extends fc.Arbitrary<infer T> ? T : never

interface Stored {
  readonly people: { id: string; role: (typeof roles)[number]; isActive: boolean }[]
  readonly conversationIds: string[]
}

async function store(scene: Scene): Promise<Stored> {
  const [some, activity] = scene.people
  const people = [...roles.map((role, index) => ({ role, isActive: activity[index] ?? true })), ...some].map(
    (each) => ({ id: newId(), ...each }),
  )
  const idOf = (index: number) => people[index]?.id ?? ''
  const conversations = [newId(), newId(), newId()].map((id) => ({
    id,
    messages: Array.from({ length: 8 }, (_, index) => ({ id: newId(), sequence: index + 1 })),
  }))
  const now = new Date()
  await world.services().db.transaction(async (tx) => {
    await tx.user.createMany({
      data: people.map((each) => ({ ...each, externalId: each.id, displayName: 'Somebody' })),
    })
    await tx.appointment.createMany({
      data: scene.appointments.map(({ patient, doctor, status }) => {
        const id = newId()
        return { id, externalId: id, patientId: idOf(patient), doctorId: idOf(doctor), status, startsAt: now }
      }),
    })
    await tx.block.createMany({
      data: scene.blocks.map(([blocker, blocked]) => ({
        blockerId: idOf(blocker),
        blockedId: idOf(blocked),
      })),
    })
    for (const { id, messages } of conversations) {
      await tx.conversation.create({
        data: {
          id,
          kind: 'GROUP',
          createdById: idOf(1),
          createdAt: now,
          lastActivityAt: now,
          lastSequence: 8,
        },
      })
      await tx.message.createMany({
        data: messages.map((message) => ({
          ...message,
          conversationId: id,
          kind: 'SYSTEM' as const,
          sentAt: now,
        })),
      })
    }
    await tx.membership.createMany({
      data: scene.stays.map(({ conversation, person: index, from, length }) => ({
        conversationId: conversations[conversation]?.id ?? '',
        userId: idOf(index),
        fromSequence: from,
        toSequence: length === null ? null : from + length,
      })),
    })
    await tx.hidden.createMany({
      data: scene.hidden.map(([index, conversation, sequence]) => ({
        userId: idOf(index),
        conversationId: conversations[conversation]?.id ?? '',
        messageId: conversations[conversation]?.messages[sequence - 1]?.id ?? '',
        reason: 'DELETED' as const,
      })),
    })
  })
  return { people, conversationIds: conversations.map(({ id }) => id) }
}

const sorted = (rows: readonly { id: string }[]) => rows.map((row) => row.id).sort()

test('policies select the same rows as `where` and as SQL, for every role under both messaging policies', async () => {
  const seen = { messages: 0, conversations: 0, users: 0, messageable: 0 }
  const { db } = world.services()
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const { people, conversationIds } = await store(scene)
      const ids = people.map(({ id }) => id)
      for (const viewer of people) {
        const stays = await db.read((client) => client.membership.findMany({ where: { userId: viewer.id } }))
        const messages = await db.read((client) =>
          client.message.findMany({
            where: { AND: [{ conversationId: { in: conversationIds } }, visibleMessages(viewer, stays)] },
            select: { id: true },
          }),
        )
        const messagesBySql = await world.sql<{ id: string }>(
          `SELECT m.id FROM messages m WHERE m.conversation_id = ANY ($2::uuid[]) AND ${visibleMessageSql('$1::uuid')}`,
          [viewer.id, conversationIds],
        )
        expect(sorted(messages)).toEqual(sorted(messagesBySql))

        const conversations = await db.read((client) =>
          client.conversation.findMany({
            where: { AND: [{ id: { in: conversationIds } }, visibleConversations(viewer)] },
            select: { id: true },
          }),
        )
        const conversationsBySql = await world.sql<{ id: string }>(
          `SELECT c.id FROM conversations c WHERE c.id = ANY ($2::uuid[]) AND ${visibleConversationSql('$1::uuid')}`,
          [viewer.id, conversationIds],
        )
        expect(sorted(conversations)).toEqual(sorted(conversationsBySql))
        seen.messages += messages.length
        seen.conversations += conversations.length

        for (const isOpen of [false, true]) {
          const users = await db.read((client) =>
            client.user.findMany({
              where: { AND: [{ id: { in: ids } }, visibleUsers(viewer, isOpen)] },
              select: { id: true },
            }),
          )
          const usersBySql = await world.sql<{ id: string }>(
            `SELECT u.id FROM users u, users v WHERE v.id = $1::uuid AND u.id = ANY ($2::uuid[]) AND ${visibleUserSql('$3::boolean')}`,
            [viewer.id, ids, isOpen],
          )
          expect(sorted(users)).toEqual(sorted(usersBySql))

          const messageable = await db.read((client) =>
            client.user.findMany({
              where: { AND: [{ id: { in: ids } }, messageableUsers(viewer, isOpen)] },
              select: { id: true },
            }),
          )
          const messageableBySql = await world.sql<{ id: string }>(
            `SELECT u.id FROM users u, users v
              WHERE v.id = $1::uuid AND u.id = ANY ($2::uuid[]) AND u.is_active
                AND (v.role = 'PATIENT' AND u.role = 'DOCTOR' OR v.role = 'DOCTOR' AND u.role = 'PATIENT')
                AND ($3::boolean OR EXISTS (
                  SELECT 1 FROM appointments a WHERE a.status <> 'CANCELLED'
                     AND a.patient_id = CASE v.role WHEN 'PATIENT' THEN v.id ELSE u.id END
                     AND a.doctor_id = CASE v.role WHEN 'PATIENT' THEN u.id ELSE v.id END))
                AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.blocker_id IN (u.id, v.id) AND b.blocked_id IN (u.id, v.id)
                                   AND b.blocker_id <> b.blocked_id)`,
            [viewer.id, ids, isOpen],
          )
          expect(sorted(messageable)).toEqual(sorted(messageableBySql))
          // Whom one may message one sees.
          expect(sorted(users)).toEqual(expect.arrayContaining(sorted(messageable)))
          seen.users += users.length
          seen.messageable += messageable.length
        }
      }
    }),
    { numRuns: 30 },
  )
  // Empty selections would agree, too.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
})
