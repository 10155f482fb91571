import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Imported, importMts } from '../support/import.js'
import { expectedOf, type SeenDialogue, seenBy, syntheticFile } from '../support/import-mts.js'
import { faultsOf } from '../support/invariants.js'
import { countRows, everythingStored } from '../support/rows.js'
import { World } from '../support/world.js'

describe('an imported file of MTS-Dialog', () => {
  let world: World
  let first: Imported
  let seen: Map<string, SeenDialogue>

  beforeAll(async () => {
    world = await World.start()
    first = await importMts(world, syntheticFile)
    seen = await seenBy(world, syntheticFile)
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('reports what it skipped, by line and why, and refuses nothing', () => {
    expect(first).toEqual({
      isComplete: true,
      ended: 6,
      notes: [
        'dialogue 0, line 5: skipped: a blank line',
        'dialogue 0, line 7: skipped: a turn without words',
        'dialogue 2, line 5: skipped: no label',
        'dialogue 2, line 7: skipped: no label',
        'dialogue 5, line 2: skipped: a turn without words',
      ],
      counts: [
        'people: 13 added, 0 there already, 0 refused',
        'appointments: 6 added, 0 there already, 0 refused',
        'conversations: 6 added, 0 there already, 0 refused',
        'messages: 23 added, 0 there already, 0 refused',
        'skipped: 1 × a blank line',
        'skipped: 2 × a turn without words',
        'skipped: 2 × no label',
      ],
    })
  })

  it('pages back every labelled turn, in order, byte for byte, each dialogue with its own patient', async () => {
    const expected = await expectedOf(syntheticFile)
    expect(Object.fromEntries([...seen].map(([patient, { bodies }]) => [patient, bodies]))).toEqual(
      Object.fromEntries(expected.map(({ id, bodies }) => [`mts-synthetic-${id}`, bodies])),
    )
    expect(seen.get('mts-synthetic-3')?.bodies).toEqual([
      'No allergies?',
      ' Two spaces in front, none behind',
      'Żadnych? Καμία; 没有 🌿 e\u0301',
    ])
  })

  it('makes DIRECT of a doctor and a patient, GROUP of more, with caregivers, staff and doctors', () => {
    expect(
      Object.fromEntries([...seen].map(([patient, { kind, roles }]) => [patient, [kind, ...roles]])),
    ).toEqual({
      'mts-synthetic-0': ['DIRECT', 'DOCTOR', 'PATIENT'],
      'mts-synthetic-1': ['GROUP', 'CAREGIVER', 'DOCTOR', 'PATIENT', 'STAFF'],
      'mts-synthetic-2': ['GROUP', 'CAREGIVER', 'CAREGIVER', 'CAREGIVER', 'DOCTOR', 'DOCTOR', 'PATIENT'],
      'mts-synthetic-3': ['DIRECT', 'DOCTOR', 'PATIENT'],
      'mts-synthetic-4': ['DIRECT', 'DOCTOR', 'PATIENT'],
      'mts-synthetic-5': ['DIRECT', 'DOCTOR', 'PATIENT'],
    })
  })

  it('keeps made-up times that rise, marks the end, and leaves nothing unread', () => {
    expect(seen.get('mts-synthetic-0')?.times).toEqual(
      [1, 2, 3, 4, 6].map((line) => new Date(Date.UTC(2024, 0, 1, 8) + line * 30_000).toISOString()),
    )
    for (const { bodies, sequences, events, unreadCount } of seen.values()) {
      expect(sequences).toEqual([...bodies, 'the end'].map((_, index) => index + 1))
      expect(events).toEqual([...bodies.map(() => null), 'HISTORY_IMPORTED'])
      expect(unreadCount).toBe(0)
    }
  })

  it('keeps the invariants, and no word in clear', async () => {
    expect(await faultsOf(world)).toEqual([])
    const clear = Buffer.from('Our father had gout')
    for (const [column, values] of await everythingStored(world))
      expect([column, values.some((value) => value.includes(clear))]).toEqual([column, false])
  })

  it('adds nothing in a second run', async () => {
    const before = await countRows(world)
    const again = await importMts(world, syntheticFile)
    expect(again).toEqual({
      ...first,
      ended: 0,
      counts: first.counts.map((line) =>
        line.replace(/(\d+) added, 0 there already/, (_, added) => `0 added, ${added} there already`),
      ),
    })
    expect(await countRows(world)).toEqual(before)
    expect(await seenBy(world, syntheticFile)).toEqual(seen)
  })
})
