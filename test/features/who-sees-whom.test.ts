import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

let world: World
const cast: Record<string, Person> = {}
const person = (name: string): Person => {
  const found = cast[name]
  if (!found) throw new Error(`nobody plays ${name}`)
  return found
}

beforeAll(async () => {
  world = await World.start()
  cast.patient = await world.person('PATIENT')
  cast.other = await world.person('PATIENT')
  cast.doctor = await world.person('DOCTOR')
  cast.colleague = await world.person('DOCTOR')
  cast.staff = await world.person('STAFF')
  cast.caregiver = await world.person('CAREGIVER')
  cast.former = await world.person('STAFF')
  cast.admin = await world.person('ADMIN')
  cast.auditor = await world.person('AUDITOR')
  cast.service = await world.person('SERVICE')
  // The patient has the doctor; once had the colleague; shares a group with staff, and with former until they left.
  await world.appointment(cast.patient, cast.doctor)
  await world.appointment(cast.patient, cast.colleague, 'CANCELLED')
  const group = await world.group(cast.doctor, [cast.patient, cast.staff, cast.former], cast.patient)
  await cast.former.mutate('removeParticipant', { conversationId: group, userId: cast.former.id })
})
afterAll(() => world[Symbol.asyncDispose]())

// Rows look at columns: + sees, . does not.
const table = `
  who        patient other doctor colleague staff caregiver former admin auditor service
  patient    +       .     +      +         +     .         +      .     .       .
  other      .       +     .      .         .     .         .      .     .       .
  doctor     +       .     +      +         +     +         +      .     .       .
  colleague  +       .     +      +         +     +         +      .     .       .
  staff      +       .     +      +         +     +         +      .     .       .
  caregiver  .       .     .      .         .     +         .      .     .       .
  former     +       .     +      +         +     +         +      .     .       .
  admin      +       +     +      +         +     +         +      +     +       +
  auditor    +       +     +      +         +     +         +      +     +       +
  service    +       +     +      +         +     +         +      +     +       +
`
const [head = '', ...lines] = table.trim().split('\n')
const names = head.trim().split(/\s+/).slice(1)

test.each(lines.map((line) => line.trim().split(/\s+/)))(
  '%s sees whom the table says',
  async (name, ...cells) => {
    const viewer = person(name ?? '')
    const seen: Record<string, string> = {}
    for (const other of names) {
      const { user, node } = await viewer.must<{ user: { id: string } | null; node: { id: string } | null }>(
        'query ($externalId: String!, $id: ID!) { user(externalId: $externalId) { id } node(id: $id) { id } }',
        { externalId: person(other).externalId, id: person(other).id },
      )
      expect(user).toEqual(node)
      seen[other] = user === null ? '.' : '+'
    }
    expect(seen).toEqual(Object.fromEntries(names.map((other, index) => [other, cells[index] ?? ''])))
  },
)

const contactsOf = async (as: Person, role?: string) => {
  const { contacts } = await as.must<{ contacts: { edges: { node: { externalId: string } }[] } }>(
    'query ($role: UserRole) { contacts(first: 100, role: $role) { edges { node { externalId } } } }',
    { role },
  )
  return contacts.edges.map((edge) => edge.node.externalId).sort()
}
const externalIds = (...of: string[]) => of.map((name) => person(name).externalId).sort()

describe('contacts', () => {
  test('are whom one may message, and for a DOCTOR whom they may add to a group', async () => {
    expect(await contactsOf(person('patient'))).toEqual(externalIds('doctor'))
    expect(await contactsOf(person('other'))).toEqual([])
    expect(await contactsOf(person('doctor'))).toEqual(
      externalIds('patient', 'colleague', 'staff', 'caregiver', 'former'),
    )
    expect(await contactsOf(person('doctor'), 'PATIENT')).toEqual(externalIds('patient'))
    expect(await contactsOf(person('colleague'), 'PATIENT')).toEqual([])
    for (const name of ['staff', 'caregiver', 'former', 'admin', 'auditor', 'service'])
      expect(await contactsOf(person(name)), name).toEqual([])
  })

  test('viewerCanMessage agrees with them', async () => {
    for (const name of ['patient', 'doctor', 'staff', 'admin']) {
      const { nodes } = await person(name).must<{ nodes: ({ viewerCanMessage: boolean } | null)[] }>(
        'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on User { viewerCanMessage } } }',
        { ids: names.map((other) => person(other).id) },
      )
      const can = names.filter((_, index) => nodes[index]?.viewerCanMessage)
      const pairs: Record<string, string[]> = { patient: ['doctor'], doctor: ['patient'] }
      expect(can, name).toEqual(pairs[name] ?? [])
    }
  })
})

test('who opens with whom: NO_CARE_RELATIONSHIP only about people whom one sees', async () => {
  const opening = (by: string, other: string) =>
    person(by).mutate('openConversation', { userId: person(other).id })
  const unrelated = { code: 'CANNOT_SEND', reasons: ['NO_CARE_RELATIONSHIP'] }
  expect(await opening('patient', 'colleague')).toMatchObject(unrelated)
  expect(await opening('colleague', 'patient')).toMatchObject(unrelated)
  expect(await opening('doctor', 'staff')).toMatchObject(unrelated)
  expect(await opening('other', 'doctor')).toEqual(notFound)
  expect(await opening('doctor', 'other')).toEqual(notFound)
})

test('administrators, auditors and services see people, but no conversation, message or update of others', async () => {
  const { patient, conversationId } = await world.pair()
  const { id } = await patient.send(conversationId, 'Between us.')
  const { node } = await patient.must<{ node: { me: { id: string } } }>(
    'query ($id: ID!, $me: ID!) { node(id: $id) { ... on Conversation { me: participant(userId: $me) { id } } } }',
    { id: conversationId, me: patient.id },
  )
  for (const name of ['admin', 'auditor', 'service', 'colleague']) {
    expect(
      await person(name).must(
        `query ($conversation: ID!, $ids: [ID!]!) { conversation(id: $conversation) { id } nodes(ids: $ids) { id }
           conversations(first: 100, filter: { kind: DIRECT }) { edges { node { id } } } }`,
        { conversation: conversationId, ids: [conversationId, id, node.me.id] },
      ),
    ).toEqual({ conversation: null, nodes: [null, null, null], conversations: { edges: [] } })
  }
})

describe('under the open policy', () => {
  test('doctors and patients see, and write to, each other', async () => {
    const open = await World.start({ env: { MESSAGING_POLICY: 'open' } })
    try {
      const [patient, other, doctor] = [
        await open.person('PATIENT'),
        await open.person('PATIENT'),
        await open.person('DOCTOR'),
      ]
      expect(await contactsOf(patient)).toEqual([doctor.externalId])
      const conversationId = await patient.open(doctor)
      await doctor.send(conversationId, 'Welcome.')
      const seen = await patient.must('query ($id: ID!) { node(id: $id) { id } }', { id: other.id })
      expect(seen).toEqual({ node: null })
    } finally {
      await open[Symbol.asyncDispose]()
    }
  })
})
