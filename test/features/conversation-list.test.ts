import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultsOf } from '../support/invariants.js'
import type { Answer, Person } from '../support/person.js'
import { World } from '../support/world.js'

const document = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: ConversationFilter) {
  conversations(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

type Filter = Record<string, unknown> | null

const ask = (person: Person, args: object): Promise<Answer<{ conversations: Page | null }>> =>
  person.ask(document, args)

async function page(person: Person, args: object): Promise<Page> {
  const answer = await ask(person, args)
  if (answer.errors || !answer.data?.conversations) throw new Error(`refused: ${JSON.stringify(answer)}`)
  return answer.data.conversations
}

const idsOf = (found: Page) => found.edges.map((edge) => edge.node.id)
const rowIdOf = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[1]

let world: World
let doctor: Person
const labels = new Map<string, string>()

/** What the doctor finds, latest activity first, in a word each. */
const found = async (filter?: Filter) =>
  idsOf(await page(doctor, { first: 100, filter })).map((id) => labels.get(id) ?? id)

async function named(
  role: 'PATIENT' | 'DOCTOR' | 'STAFF' | 'CAREGIVER',
  displayName: string,
): Promise<Person> {
  const person = await world.person(role)
  await person.upsert({ displayName, specialty: 'Cardiology' })
  return person
}

async function direct(label: string, displayName: string): Promise<[Person, string]> {
  const patient = await named('PATIENT', displayName)
  await world.appointment(patient, doctor)
  const id = await doctor.open(patient)
  labels.set(id, label)
  return [patient, id]
}

async function group(
  label: string,
  title: string,
  members: readonly Person[],
  owner = doctor,
): Promise<string> {
  const id = await world.group(owner, members, undefined, title)
  labels.set(id, label)
  return id
}

beforeAll(async () => {
  world = await World.start()
  doctor = await named('DOCTOR', 'Dr Quentin Quill')
  const omar = await named('DOCTOR', 'Dr Omar Haddad')
  const zoe = await named('STAFF', 'Nurse Zoë Brontë'.normalize('NFD'))
  const cara = await named('CAREGIVER', 'Cara Weiss')
  const gone = await named('STAFF', 'Gustav Gone')

  const [, olena] = await direct('olena', 'Олена Новак')
  const ward = await group('ward', 'STATION Süd (Anna) 100%', [cara])
  const left = await group('left', 'Former Team', [doctor, zoe], omar)
  const broken = await group('broken', 'Broken', [zoe])
  const cardio = await group('cardio', 'Cardiology Board'.normalize('NFD'), [zoe, gone])
  await direct('elodie', 'Élodie MÜLLER')
  const [anna, annaId] = await direct('anna', 'Anna Berg')

  await omar.mutate('removeParticipant', { conversationId: left, userId: doctor.id })
  await doctor.mutate('removeParticipant', { conversationId: cardio, userId: gone.id })
  await cara.send(ward, 'Unread in the archive.')
  for (const conversationId of [ward, olena]) await doctor.mutate('archiveConversation', { conversationId })
  await doctor.mutate('markUnread', { conversationId: cardio })
  await anna.send(annaId, 'Unread.')
  await world.sql('UPDATE conversations SET title_sealed = title_sealed || $2::bytea WHERE id = $1::uuid', [
    rowIdOf(broken),
    Buffer.from([0]),
  ])
})
afterAll(async () => {
  expect(await faultsOf(world)).toEqual([])
  await world[Symbol.asyncDispose]()
})

const listed = ['anna', 'cardio', 'left', 'elodie', 'broken']
const put = ['ward', 'olena']

const filters: [filter: Filter | undefined, found: string[]][] = [
  [undefined, listed],
  [null, listed],
  [{}, listed],
  [{ archived: false }, listed],
  [{ archived: true }, put],
  [{ archived: null }, ['anna', 'ward', 'cardio', 'left', 'elodie', 'broken', 'olena']],
  [{ kind: 'DIRECT' }, ['anna', 'elodie']],
  [{ kind: 'GROUP' }, ['cardio', 'left', 'broken']],
  [{ kind: null, unreadOnly: null, search: null }, listed],
  [{ kind: 'DIRECT', archived: true }, ['olena']],
  [{ kind: 'GROUP', archived: null }, ['ward', 'cardio', 'left', 'broken']],
  [{ unreadOnly: true }, ['anna', 'cardio']],
  [{ unreadOnly: true, archived: true }, ['ward']],
  [{ unreadOnly: true, archived: null }, ['anna', 'ward', 'cardio']],
  [{ unreadOnly: true, kind: 'GROUP' }, ['cardio']],
  [{ unreadOnly: false }, listed],
  // Names, in whatever case and form.
  [{ search: 'anna' }, ['anna']],
  [{ search: ' BERG\tanna ' }, ['anna']],
  [{ search: 'élodie müller' }, ['elodie']],
  [{ search: 'E\u0301LODIE' }, ['elodie']],
  [{ search: 'новак', archived: null }, ['olena']],
  [{ search: 'новак' }, []],
  [{ search: 'zoë' }, ['cardio', 'broken']],
  [{ search: 'BRONTË nurse' }, ['cardio', 'broken']],
  // Nobody is found by their specialty, nor by having left, and nobody by themselves.
  [{ search: 'cardiology', kind: 'DIRECT' }, []],
  [{ search: 'gustav' }, []],
  [{ search: 'quentin' }, []],
  [{ search: 'omar' }, []],
  // Titles.
  [{ search: 'ardiology' }, ['cardio']],
  [{ search: 'BOARD cardio' }, ['cardio']],
  [{ search: 'station süd', archived: true }, ['ward']],
  [{ search: 'SU\u0308D', archived: null }, ['ward']],
  [{ search: 'former' }, ['left']],
  [{ search: 'former omar' }, []],
  [{ search: 'former zoë' }, []],
  [{ search: 'direct' }, []],
  // Some words by name, some by title.
  [{ search: 'board zoë' }, ['cardio']],
  [{ search: 'zoë board nurse team' }, []],
  [{ search: 'weiss süd', archived: null }, ['ward']],
  [{ search: 'weiss olena', archived: null }, []],
  // What does not decrypt is found by names alone.
  [{ search: 'broken' }, []],
  [{ search: 'broken zoë' }, []],
  // Everything together.
  [{ search: 'anna', archived: null }, ['anna', 'ward']],
  [{ search: 'anna', archived: null, kind: 'GROUP' }, ['ward']],
  [{ search: 'anna', archived: true, kind: 'DIRECT' }, []],
  [{ search: 'zoë', unreadOnly: true }, ['cardio']],
  [{ search: 'anna', archived: true, kind: 'GROUP', unreadOnly: true }, ['ward']],
  [{ search: 'e', archived: false, kind: 'DIRECT', unreadOnly: true }, ['anna']],
  // As themselves.
  [{ search: '%', archived: null }, ['ward']],
  [{ search: '_', archived: null }, []],
  [{ search: '\\', archived: null }, []],
  [{ search: 'an%a' }, []],
  [{ search: '(anna)', archived: null }, ['ward']],
  [{ search: 'ö '.repeat(50) }, []],
  [{ search: '👩‍⚕️'.repeat(25) }, []],
  // Nothing to search for.
  [{ search: '' }, listed],
  [{ search: ' \t\n\u00a0' }, listed],
  [{ search: ' ', archived: true }, put],
]

test.each(filters)('%j finds %j', async (filter, expected) => {
  expect(await found(filter)).toEqual(expected)
})

test('a search has a bound, and is no part of the error', async () => {
  for (const [search, detail] of [
    ['x'.repeat(101), 'It must not be longer than 100 characters.'],
    ['an\0na', 'It must not contain the NUL character.'],
    ['\ud83d', 'It must be well-formed Unicode, without lone surrogates.'],
  ]) {
    expect(await ask(doctor, { first: 1, filter: { search } })).toMatchObject({
      status: 200,
      data: { conversations: null },
      errors: [
        { message: `search: ${detail}`, path: ['conversations'], extensions: { code: 'INVALID_INPUT' } },
      ],
    })
  }
})

test('who may see no conversation finds none', async () => {
  for (const person of [world.admin(), await world.person('DOCTOR')])
    for (const filter of [null, { archived: null }, { archived: null, search: 'anna' }])
      expect(idsOf(await page(person, { first: 10, filter }))).toEqual([])
})

test('a group that was renamed is found by its new title alone', async () => {
  const id = await group('renamed', 'Morning round', [])
  await doctor.mutate('updateGroup', { conversationId: id, title: 'Evening round' })
  expect(await found({ search: 'morning' })).toEqual([])
  expect(await found({ search: 'evening round' })).toEqual(['renamed'])
  await doctor.mutate('archiveConversation', { conversationId: id })
})

describe('pages', () => {
  /** Groups of somebody's own, the latest first; each second one is called otherwise. */
  async function manyGroups(count: number): Promise<[Person, string[]]> {
    const owner = await world.person('DOCTOR')
    const ids: string[] = []
    for (let index = 0; index < count; index++)
      ids.unshift(await world.group(owner, [], undefined, index % 2 ? `Odd ${index}` : `Even ${index}`))
    return [owner, ids]
  }

  /** Every page in one direction; between them, `between` happens. */
  async function walk(
    owner: Person,
    size: number,
    isForward: boolean,
    filter: Filter,
    between: (page: number) => Promise<unknown>,
  ): Promise<string[][]> {
    const pages: string[][] = []
    for (let cursor: string | null = null; ; ) {
      const args: object = isForward ? { first: size, after: cursor } : { last: size, before: cursor }
      const { edges, pageInfo } = await page(owner, { ...args, filter })
      pages.push(edges.map((edge) => edge.node.id))
      if (edges.length > 0) {
        expect(pageInfo.startCursor).toBe(edges[0]?.cursor)
        expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor)
      }
      expect(isForward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage).toBe(cursor !== null)
      if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return pages
      cursor = isForward ? pageInfo.endCursor : pageInfo.startCursor
      await between(pages.length)
    }
  }

  const inOrder = (pages: string[][], isForward: boolean) => (isForward ? pages : pages.toReversed()).flat()

  test.each([1, 2, 3, 100])(
    'of %i meet each once, in both directions, with and without a search',
    async (size) => {
      const [owner, ids] = await manyGroups(7)
      const still = () => Promise.resolve()
      for (const isForward of [true, false]) {
        const all = await walk(owner, size, isForward, null, still)
        expect(inOrder(all, isForward)).toEqual(ids)
        const odd = await walk(owner, size, isForward, { search: 'odd' }, still)
        expect(inOrder(odd, isForward)).toEqual(ids.filter((_, index) => index % 2 === 1))
        expect(odd.at(-1)).not.toEqual([])
      }
    },
  )

  test.each([true, false])('meet what stays once, while others move up (forward: %s)', async (isForward) => {
    for (const search of [null, 'even']) {
      const [owner, ids] = await manyGroups(12)
      const even = ids.filter((_, index) => index % 2 === 1)
      // Of those that are met, the first, the middle and the last one move up, one after the other.
      const asked = search === null ? ids : even
      const movers = [asked[0], asked[Math.floor(asked.length / 2)], asked.at(-1)].map(String)
      const moved: string[] = []
      const pages = await walk(owner, 2, isForward, { search }, async (done) => {
        const mover = movers[done - 1]
        if (!mover) return
        await owner.send(mover, 'Up.')
        moved.unshift(mover)
      })
      const met = inOrder(pages, isForward)
      const staying = asked.filter((id) => !movers.includes(id))
      expect(met.filter((id) => staying.includes(id))).toEqual(staying)
      for (const mover of movers) {
        const times = met.filter((id) => id === mover).length
        // Backward everything that moves up still lies ahead; forward it stands before the first page.
        expect(isForward ? [0, 1] : [1, 2]).toContain(times)
      }
      expect(idsOf(await page(owner, { first: moved.length }))).toEqual(moved)
    }
  })

  test('a cursor is good for every filter', async () => {
    const [owner, ids] = await manyGroups(6)
    const { edges } = await page(owner, { first: 6 })
    const after = edges[1]?.cursor
    expect(idsOf(await page(owner, { first: 6, after, filter: { search: 'odd' } }))).toEqual([ids[2], ids[4]])
    expect(idsOf(await page(owner, { last: 6, before: after, filter: { search: 'odd' } }))).toEqual([ids[0]])
    expect(idsOf(await page(owner, { first: 6, after, filter: { kind: 'GROUP', archived: null } }))).toEqual(
      ids.slice(2),
    )
    expect(await ask(doctor, { first: 6, after, filter: { search: 'odd' } })).toMatchObject({
      data: { conversations: null },
      errors: [{ extensions: { code: 'INVALID_INPUT' } }],
    })
  })

  test('look at 2,000 conversations at most, and say where to go on, without an edge too', async () => {
    const owner = await world.person('DOCTOR')
    const oldest = await world.group(owner, [], undefined, 'The oldest one')
    await world.sql(
      `WITH made AS (
         INSERT INTO conversations (id, kind, title_sealed, created_by_id, created_at, last_activity_at)
         SELECT gen_random_uuid(), 'GROUP', '\\x00', $1::uuid, n.at, n.at
           FROM (SELECT date_trunc('milliseconds', clock_timestamp()) + n * interval '1 millisecond' AS at FROM generate_series(1, 4000) AS n) n
         RETURNING id, last_activity_at
       ), staying AS (
         INSERT INTO memberships (conversation_id, user_id, from_sequence) SELECT m.id, $1::uuid, 1 FROM made m
       )
       INSERT INTO participants (id, conversation_id, user_id, role, joined_at, last_activity_at)
       SELECT gen_random_uuid(), m.id, $1::uuid, 'OWNER', m.last_activity_at, m.last_activity_at FROM made m`,
      [owner.rowId],
    )
    // Autovacuum would within a minute; plans of when there was next to nothing go with it.
    await world.sql('ANALYZE')
    // Later than all of them, and a minute later than now, which is when it would be.
    const newest = await world.group(owner, [], undefined, 'The newest one')
    await world.sql(
      `UPDATE participants SET last_activity_at = date_trunc('milliseconds', clock_timestamp()) + interval '1 minute'
        WHERE conversation_id = $1::uuid`,
      [rowIdOf(newest)],
    )
    for (const isForward of [true, false]) {
      const pages: string[][] = []
      for (let cursor: string | null = null; ; ) {
        const filter = { search: 'one' }
        const args: object = isForward ? { first: 5, after: cursor } : { last: 5, before: cursor }
        const { edges, pageInfo } = await page(owner, { ...args, filter })
        pages.push(edges.map((edge) => edge.node.id))
        if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) break
        cursor = isForward ? pageInfo.endCursor : pageInfo.startCursor
        expect(cursor).not.toBeNull()
      }
      expect(pages).toEqual(isForward ? [[newest], [], [oldest]] : [[oldest], [], [newest]])
    }
    // With enough found it stops looking at once.
    const first = await page(owner, { first: 1, filter: { search: 'newest' } })
    expect(idsOf(first)).toEqual([newest])
    expect(await page(owner, { first: 1, filter: { archived: true, search: 'one' } })).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    })
  })
})
