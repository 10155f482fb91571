import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deadlocksOf, faultsOf } from '../support/invariants.js'
import { until } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { updateCursor, updatesAfter } from '../support/updates-page.js'
import { World } from '../support/world.js'

const read = (by: Person, conversationId: string, upToMessageId: string) =>
  by.mutate('markRead', { conversationId, upToMessageId })

const acknowledge = async (person: Person) =>
  person.mutate('markDelivered', { upToCursor: await updateCursor(person) })

/** Gives what each of these people is told of receipts from now on, a line each: what, of whom, up to where. */
async function listen(...people: Person[]): Promise<() => Promise<string[][]>> {
  const cursors = await Promise.all(people.map(updateCursor))
  return () =>
    Promise.all(
      people.map(async (person, index) => {
        const { updates, hasMore } = await updatesAfter(person, cursors[index] ?? '', 100)
        expect(hasMore).toBe(false)
        return updates.flatMap(({ change }) => {
          // What is written to whom it is not meant for.
          if (change === null) return ['null']
          if (change.__typename !== 'MessagesRead' && change.__typename !== 'MessagesDelivered') return []
          const { user } = change.participant as { user: { externalId: string } }
          return [`${change.__typename} ${user.externalId} ${change.upToSequence} ${change.upToMessageId}`]
        })
      }),
    )
}

const readBy = (reader: Person, message: { sequence: number; id: string }) =>
  `MessagesRead ${reader.externalId} ${message.sequence} ${message.id}`
const deliveredTo = (reader: Person, message: { sequence: number; id: string }) =>
  `MessagesDelivered ${reader.externalId} ${message.sequence} ${message.id}`

describe('what is gathered', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
    // Notes wait here until a test lets them be told, however long it takes to make them.
    await world.sql(`ALTER TABLE pending_receipts ALTER COLUMN since SET DEFAULT 'infinity'`)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const notes = (conversationId: string) =>
    world.sql('SELECT user_id FROM pending_receipts WHERE conversation_id = $1::uuid', [
      rowIdOf(conversationId),
    ])

  async function tell(conversationId: string): Promise<void> {
    await world.sql(`UPDATE pending_receipts SET since = '-infinity' WHERE conversation_id = $1::uuid`, [
      rowIdOf(conversationId),
    ])
    await until(async () => (await notes(conversationId)).length === 0, 'the notes to be taken')
  }

  async function team() {
    const [owner, staff, caregiver, reader] = await Promise.all([
      world.person('DOCTOR'),
      world.person('STAFF'),
      world.person('CAREGIVER'),
      world.person('DOCTOR'),
    ])
    return { owner, staff, caregiver, reader, group: await world.group(owner, [staff, caregiver, reader]) }
  }

  describe.concurrent('in a group', () => {
    test('several moves are told to each sender in one update, to one’s own devices each at once', async () => {
      const { owner, staff, caregiver, reader, group } = await team()
      const first = await owner.send(group, 'One.')
      const second = await staff.send(group, 'Two.')
      const third = await owner.send(group, 'Three.')
      const told = await listen(owner, staff, caregiver, reader)
      for (const message of [first, second, third]) await read(reader, group, message.id)
      const own = [first, second, third].map((message) => readBy(reader, message))
      expect(await told()).toEqual([[], [], [], own])
      await tell(group)
      // The caregiver has said nothing.
      expect(await told()).toEqual([[readBy(reader, third)], [readBy(reader, third)], [], own])
    })

    test('only the senders of what is newly covered are told', async () => {
      const { owner, staff, caregiver, reader, group } = await team()
      const first = await owner.send(group, 'One.')
      await read(reader, group, first.id)
      await read(caregiver, group, first.id)
      await tell(group)
      const second = await staff.send(group, 'Two.')
      const told = await listen(owner, staff, caregiver)
      await read(reader, group, second.id)
      await read(caregiver, group, second.id)
      await tell(group)
      const [owners = [], staffs = [], caregivers = []] = await told()
      expect([owners, staffs.toSorted(), caregivers]).toEqual([
        [],
        [readBy(reader, second), readBy(caregiver, second)].toSorted(),
        [readBy(caregiver, second)],
      ])
    })

    test('delivery is told too; of what is told as read, only what lies beyond it', async () => {
      const { owner, staff, caregiver, reader, group } = await team()
      const first = await owner.send(group, 'One.')
      const second = await staff.send(group, 'Two.')
      const told = await listen(owner, staff, caregiver, reader)
      await acknowledge(reader)
      await tell(group)
      expect(await told()).toEqual([[deliveredTo(reader, second)], [deliveredTo(reader, second)], [], []])

      const third = await owner.send(group, 'Three.')
      const fourth = await caregiver.send(group, 'Four.')
      const later = await listen(owner, staff, caregiver, reader)
      await acknowledge(reader)
      await read(reader, group, third.id)
      await tell(group)
      expect(await later()).toEqual([
        [readBy(reader, third)],
        [readBy(reader, third)],
        [deliveredTo(reader, fourth)],
        [readBy(reader, third)],
      ])
      expect(first.sequence).toBeLessThan(third.sequence)
    })

    test('who hides that they read is told of as delivered, once', async () => {
      const { owner, staff, caregiver, reader, group } = await team()
      await world.sql('UPDATE users SET send_read_receipts = false WHERE id = $1::uuid', [reader.rowId])
      const first = await owner.send(group, 'One.')
      const second = await staff.send(group, 'Two.')
      const told = await listen(owner, staff, caregiver, reader)
      await acknowledge(reader)
      await read(reader, group, first.id)
      await read(reader, group, second.id)
      await tell(group)
      const delivered = deliveredTo(reader, second)
      const own = [readBy(reader, first), readBy(reader, second)]
      expect(await told()).toEqual([[delivered], [delivered], [], own])
      const later = await listen(owner, staff)
      await read(reader, group, (await reader.send(group, 'Mine.')).id)
      await tell(group)
      expect(await later()).toEqual([[], []])
    })

    test('who has left is told nothing, and nobody is told of them', async () => {
      const { owner, staff, caregiver, reader, group } = await team()
      await staff.send(group, 'One.')
      const second = await owner.send(group, 'Two.')
      const told = await listen(owner, staff)
      await read(reader, group, second.id)
      await read(caregiver, group, second.id)
      for (const who of [staff, caregiver])
        await owner.mutate('removeParticipant', { conversationId: group, userId: who.id })
      await tell(group)
      expect(await told()).toEqual([[readBy(reader, second)], []])
      await read(staff, group, second.id)
      expect(await notes(group)).toEqual([])
    })

    test('who comes back covers nothing that was said while they were away', async () => {
      const { owner, staff, caregiver, reader, group } = await team()
      const before = await staff.send(group, 'Before.')
      await owner.mutate('removeParticipant', { conversationId: group, userId: reader.id })
      await caregiver.send(group, 'Meanwhile.')
      await owner.mutate('addParticipants', { conversationId: group, userIds: [reader.id] })
      const after = await owner.send(group, 'After.')
      const told = await listen(owner, staff, caregiver)
      await read(reader, group, after.id)
      await tell(group)
      expect(await told()).toEqual([[readBy(reader, after)], [readBy(reader, after)], []])
      expect(before.sequence).toBeLessThan(after.sequence)
    })

    test('who is blocked learns nothing of whoever blocked them', async () => {
      const { owner, staff, reader, group } = await team()
      await reader.mutate('blockUser', { userId: staff.id })
      await staff.send(group, 'Hidden from one.')
      const second = await owner.send(group, 'For everybody.')
      const told = await listen(owner, staff)
      await acknowledge(reader)
      await read(reader, group, second.id)
      await tell(group)
      expect(await told()).toEqual([[readBy(reader, second)], []])
    })

    test('up to 32 are told, in larger groups nobody but one’s own devices', async () => {
      const owner = await world.person('DOCTOR')
      const others = await Promise.all(Array.from({ length: 32 }, () => world.person('STAFF')))
      const [reader = owner, last = owner] = others
      const group = await world.group(owner, others)
      const first = await owner.send(group, 'To 32 others.')
      const told = await listen(owner, reader)
      await read(reader, group, first.id)
      expect(await notes(group)).toEqual([])
      await owner.mutate('removeParticipant', { conversationId: group, userId: last.id })
      const second = await owner.send(group, 'To 31.')
      await read(reader, group, second.id)
      await tell(group)
      const own = [readBy(reader, first), readBy(reader, second)]
      expect(await told()).toEqual([[readBy(reader, second)], own])

      // The group grows over 32 before it is told.
      const third = await owner.send(group, 'Still to 31.')
      await read(reader, group, third.id)
      expect(await notes(group)).toEqual([{ user_id: reader.rowId }])
      await owner.mutate('addParticipants', { conversationId: group, userIds: [last.id] })
      await tell(group)
      expect(await told()).toEqual([[readBy(reader, second)], [...own, readBy(reader, third)]])
    })
  })

  test('the invariants hold', async () => {
    expect(await faultsOf(world)).toEqual([])
  })
})

describe('two nodes', () => {
  let world: World
  const statements: string[] = []
  beforeAll(async () => {
    const observe = (statement: string) => void statements.push(statement)
    world = await World.start({ nodes: 2, overrides: { observe } })
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  test('what cannot be told waits, and is told once it can', async () => {
    const owner = await world.person('DOCTOR', 0)
    const reader = await world.person('STAFF', 1)
    const group = await world.group(owner, [reader])
    const { id, sequence } = await owner.send(group, 'Hello.')
    const stream = owner.follow()
    await stream.caughtUp()
    await world.sql('ALTER FUNCTION tell_receipts(uuid) RENAME TO tell_receipts_away')
    statements.length = 0
    await read(reader, group, id)
    const attempts = () => statements.filter((statement) => statement.includes('tell_receipts(')).length
    await expect.poll(attempts, { timeout: 10_000 }).toBeGreaterThan(1)
    expect(stream.updates).toEqual([])
    await world.sql('ALTER FUNCTION tell_receipts_away(uuid) RENAME TO tell_receipts')
    expect(await stream.change('MessagesRead')).toMatchObject({ upToMessageId: id, upToSequence: sequence })
    await stream.close()
  })

  test('tell at once, and neither double nor lose nor stand in each other’s way', async () => {
    const owner = await world.person('DOCTOR', 0)
    const readers = await Promise.all([0, 1, 0, 1].map((node) => world.person('STAFF', node)))
    const groups = await Promise.all(Array.from({ length: 6 }, () => world.group(owner, readers)))
    const said = new Map<string, Awaited<ReturnType<Person['send']>>>()
    const told = await listen(owner)
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        groups.map(async (group) => {
          const message = await owner.send(group, `Round ${round}`)
          said.set(group, message)
          await Promise.all(readers.map((reader) => read(reader, group, message.id)))
        }),
      )
      // Both nodes find all of them due at the same moment.
      await world.sql(`UPDATE pending_receipts SET since = '-infinity'`)
    }
    await expect
      .poll(() => world.sql('SELECT 1 FROM pending_receipts LIMIT 1'), { timeout: 10_000 })
      .toEqual([])
    const [lines = []] = await told()
    expect(new Set(lines).size).toBe(lines.length)
    const last = groups.flatMap((group) =>
      readers.map((reader) => {
        const message = said.get(group)
        return message ? readBy(reader, message) : ''
      }),
    )
    expect(last.filter((line) => !lines.includes(line))).toEqual([])
    expect(await faultsOf(world)).toEqual([])
    for (const node of world.nodes) await node[Symbol.asyncDispose]()
    expect(await deadlocksOf(world)).toBe(0)
  })
})

function rowIdOf(globalId: string): string {
  return Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? ''
}
