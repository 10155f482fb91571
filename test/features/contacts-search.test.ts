import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Person } from '../support/person.js'
import { World } from '../support/world.js'

const document = `query ($first: Int, $after: String, $last: Int, $before: String, $role: UserRole, $search: String) {
  contacts(first: $first, after: $after, last: $last, before: $before, role: $role, search: $search) {
    edges { cursor node { displayName } } pageInfo { hasNextPage } } }`

interface Found {
  readonly contacts: {
    readonly edges: { readonly cursor: string; readonly node: { readonly displayName: string } }[]
    readonly pageInfo: { readonly hasNextPage: boolean }
  } | null
}

const ask = (person: Person, args: object): Promise<Answer<Found>> => person.ask<Found>(document, args)

async function named(person: Person, search: string | null, more: object = {}): Promise<string[]> {
  const { data, errors } = await ask(person, { first: 100, search, ...more })
  if (errors || !data?.contacts) throw new Error(`refused: ${JSON.stringify(errors)}`)
  return data.contacts.edges.map(({ node }) => node.displayName)
}

const colleagues: [name: string, specialty: string | null][] = [
  ['Dr Anna Berg', 'Cardiology'],
  ['Dr Anna-Lena Ödegård', 'Paediatrics'],
  ['Dr Bergljot Annan', null],
  ['Dr Élodie MÜLLER', 'Cardiac surgery'],
  ['Dr Олена Новак', 'Кардіологія'],
  ['Dr أمل منصور', null],
  ['100% sure_thing\\', null],
  ['1000 surething', null],
]

let world: World
let doctor: Person
let patient: Person
beforeAll(async () => {
  world = await World.start()
  doctor = await world.person('DOCTOR')
  for (const [displayName, specialty] of colleagues)
    await (await world.person('DOCTOR')).upsert({ displayName, specialty })
  patient = await world.person('PATIENT')
  await patient.upsert({ displayName: 'Bergitta the patient' })
  await world.appointment(patient, doctor)
  await (await world.person('PATIENT')).upsert({ displayName: 'Berg the stranger' })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const found: [search: string, names: string[]][] = [
  ['Dr Anna Berg', ['Dr Anna Berg', 'Dr Bergljot Annan']],
  ['berg', ['Bergitta the patient', 'Dr Anna Berg', 'Dr Bergljot Annan']],
  ['BERG anna', ['Dr Anna Berg', 'Dr Bergljot Annan']],
  [' \t anna \n', ['Dr Anna Berg', 'Dr Anna-Lena Ödegård', 'Dr Bergljot Annan']],
  ['card', ['Dr Anna Berg', 'Dr Élodie MÜLLER']],
  ['card berg', ['Dr Anna Berg']],
  ['paediatrics ödegård', ['Dr Anna-Lena Ödegård']],
  ['ÖDEGÅRD', ['Dr Anna-Lena Ödegård']],
  ['anna-lena', ['Dr Anna-Lena Ödegård']],
  ['élodie', ['Dr Élodie MÜLLER']],
  ['e\u0301lodie', ['Dr Élodie MÜLLER']],
  ['müller', ['Dr Élodie MÜLLER']],
  ['олена', ['Dr Олена Новак']],
  ['НОВАК', ['Dr Олена Новак']],
  ['кардіо', ['Dr Олена Новак']],
  ['منصور', ['Dr أمل منصور']],
  ['%', ['100% sure_thing\\']],
  ['100%', ['100% sure_thing\\']],
  ['sure_thing', ['100% sure_thing\\']],
  ['\\', ['100% sure_thing\\']],
  ['_', ['100% sure_thing\\']],
  ['a_na', []],
  ['an%a', []],
  ['nobody', []],
  ['berg nobody', []],
  ['cardioanna', []],
  ["'", []],
  ['$1', []],
]

test.each(found)('%j finds %j', async (search, names) => {
  expect((await named(doctor, search)).sort()).toEqual(names.toSorted())
})

test('a name that came with its accents apart is found, and stays as it came', async () => {
  const apart = 'Dr Zoë Brontë'.normalize('NFD')
  await (await world.person('DOCTOR')).upsert({ displayName: apart })
  for (const search of ['zoë', 'Brontë', 'BRONTË'.normalize('NFD')])
    expect(await named(doctor, search)).toEqual([apart])
  await world.sql('UPDATE users SET is_active = false WHERE display_name = $1', [apart])
})

test('nothing to search for is no filter', async () => {
  const all = await named(doctor, null)
  expect(all).toHaveLength(colleagues.length + 1)
  for (const search of ['', ' ', '\t\n', '\u00a0']) expect(await named(doctor, search)).toEqual(all)
})

test('it narrows what the viewer may see, and widens nothing', async () => {
  expect(await named(doctor, 'berg', { role: 'PATIENT' })).toEqual(['Bergitta the patient'])
  expect(await named(doctor, 'berg', { role: 'STAFF' })).toEqual([])
  expect(await named(patient, 'berg')).toEqual([])
  expect(await named(patient, '')).toEqual([doctor.externalId])
  expect(await named(world.admin(), 'berg')).toEqual([])
})

describe('what can’t be searched for', () => {
  test('is INVALID_INPUT: more than 100 characters, NUL, lone surrogates', async () => {
    const wrong: [string, string][] = [
      ['x'.repeat(101), 'search: It must not be longer than 100 characters.'],
      ['ö'.repeat(101), 'search: It must not be longer than 100 characters.'],
      ['an\0na', 'search: It must not contain the NUL character.'],
      ['\0', 'search: It must not contain the NUL character.'],
      ['\ud83d', 'search: It must be well-formed Unicode, without lone surrogates.'],
    ]
    for (const [search, message] of wrong) {
      expect(await ask(doctor, { first: 1, search })).toMatchObject({
        status: 200,
        data: { contacts: null },
        errors: [{ message, path: ['contacts'], extensions: { code: 'INVALID_INPUT' } }],
      })
    }
  })

  test('a hundred characters of any sort are fine, in one word or fifty', async () => {
    for (const search of ['x'.repeat(100), '👩‍⚕️'.repeat(25), 'ö '.repeat(50), '% '.repeat(50)])
      expect(await named(doctor, search)).toEqual(
        search.startsWith('%') ? ['100% sure_thing\\'] : expect.any(Array),
      )
  })
})

test('pages forward and backward meet each once; a cursor is good for its own search and role only', async () => {
  const all = await named(doctor, 'dr')
  const forward: string[] = []
  const cursors: string[] = []
  for (let after: string | undefined; ; ) {
    const { data }: Answer<Found> = await ask(doctor, { first: 2, after, search: 'dr' })
    for (const { cursor, node } of data?.contacts?.edges ?? []) {
      forward.push(node.displayName)
      cursors.push(cursor)
    }
    after = cursors.at(-1)
    if (!data?.contacts?.pageInfo.hasNextPage) break
  }
  expect(forward).toEqual(all)
  expect(await named(doctor, 'dr', { first: undefined, last: 2, before: cursors[3] })).toEqual(
    all.slice(1, 3),
  )
  const [after] = cursors
  // The same words, said otherwise.
  for (const same of [' DR ', 'dr Dr']) expect(await named(doctor, same, { after })).toEqual(all.slice(1))
  for (const other of [
    { search: 'd' },
    { search: 'd r' },
    { search: null },
    { search: 'dr', role: 'DOCTOR' },
    { search: null, role: 'DOCTOR' },
  ]) {
    expect(await ask(doctor, { first: 2, after, ...other })).toMatchObject({
      data: { contacts: null },
      errors: [{ message: 'after: This is no cursor of this list.', extensions: { code: 'INVALID_INPUT' } }],
    })
  }
})
