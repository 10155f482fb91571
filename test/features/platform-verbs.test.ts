import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invalidAt, notFound } from '../support/outcomes.js'
import type { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
let platform: Person
let patient: Person
let doctor: Person
beforeAll(async () => {
  world = await World.start()
  platform = world.platform()
  patient = await world.person('PATIENT')
  doctor = await world.person('DOCTOR')
  await world.appointment(patient, doctor)
})
afterAll(() => world[Symbol.asyncDispose]())

const ahmed = { externalId: 'dr-ahmed', displayName: 'Dr. Ahmed Idris', role: 'DOCTOR' }
const userSelection =
  'created user { externalId displayName role avatarUrl specialty qualification designation isActive }'

describe('upsertUser', () => {
  test('makes, changes, leaves what is omitted, clears what is null', async () => {
    const upsert = (more: object) => platform.mutate('upsertUser', { ...ahmed, ...more }, userSelection)
    const details = {
      specialty: 'Cardiology',
      qualification: 'MBBS',
      designation: 'Consultant',
      avatarUrl: 'https://example.org/a.png',
    }
    const made = { ...ahmed, ...details, isActive: true }
    const contact = { email: 'ahmed@example.org', phone: '+249 912 345 678' }
    expect(await upsert({ ...details, ...contact })).toEqual({
      __typename: 'UpsertUserPayload',
      created: true,
      user: made,
    })
    expect(await upsert({})).toEqual({ __typename: 'UpsertUserPayload', created: false, user: made })
    const cleared = { specialty: null, qualification: null, designation: null, avatarUrl: null }
    expect(await upsert({ ...cleared, email: null, phone: null, isActive: false })).toEqual({
      __typename: 'UpsertUserPayload',
      created: false,
      user: { ...ahmed, ...cleared, isActive: false },
    })
    expect(await upsert({ displayName: 'Dr. A. Idris' })).toMatchObject({
      user: { displayName: 'Dr. A. Idris', isActive: false },
    })
    expect(
      await world.sql('SELECT email_sealed, phone_sealed FROM users WHERE external_id = $1', ['dr-ahmed']),
    ).toEqual([{ email_sealed: null, phone_sealed: null }])
  })

  const faults: [field: string, value: unknown][] = [
    ['externalId', ''],
    ['externalId', 'a\0b'],
    ['externalId', '\ud83d'],
    ['externalId', 'x'.repeat(201)],
    ['displayName', ' '],
    ['displayName', 'x'.repeat(201)],
    ['specialty', ''],
    ['qualification', '\0'],
    ['designation', 'x'.repeat(201)],
    ['email', 'nobody'],
    ['email', ''],
    ['phone', 'call me'],
    ['phone', ''],
    ['avatarUrl', 'javascript:alert(1)'],
    ['avatarUrl', `https://example.org/${'x'.repeat(2048)}`],
    ['isActive', null],
  ]
  test.each(faults)('INVALID_INPUT at %s: %j', async (field, value) => {
    const before = await countRows(world)
    const input = { externalId: 'new-one', displayName: 'New', role: 'PATIENT', [field]: value }
    expect(await platform.mutate('upsertUser', input)).toEqual(invalidAt(field))
    expect(await countRows(world)).toEqual(before)
  })

  test('is FORBIDDEN to others whatever the input, and to a service about those above it', async () => {
    const empty = { externalId: '', displayName: '', role: 'PATIENT' }
    expect(await doctor.mutate('upsertUser', empty)).toMatchObject({ code: 'FORBIDDEN' })
    const auditor = await world.person('AUDITOR')
    const demotion = { externalId: auditor.externalId, displayName: 'X', role: 'PATIENT' }
    expect(await platform.mutate('upsertUser', demotion)).toMatchObject({ code: 'FORBIDDEN' })
    const promotion = { externalId: patient.externalId, displayName: 'X', role: 'SERVICE' }
    expect(await platform.mutate('upsertUser', promotion)).toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('upsertAppointment', () => {
  const upsert = (more: object, by = platform) =>
    by.mutate(
      'upsertAppointment',
      {
        externalId: 'checkup',
        patientExternalId: patient.externalId,
        doctorExternalId: doctor.externalId,
        status: 'SCHEDULED',
        startsAt: '2030-02-01T10:00:00.000Z',
        ...more,
      },
      'created appointment { externalId status startsAt patient { id } doctor { id } }',
    )

  test('makes and changes', async () => {
    const appointment = {
      externalId: 'checkup',
      status: 'SCHEDULED',
      startsAt: '2030-02-01T10:00:00.000Z',
      patient: { id: patient.id },
      doctor: { id: doctor.id },
    }
    const payload = (created: boolean, changes: object) => ({
      __typename: 'UpsertAppointmentPayload',
      created,
      appointment: { ...appointment, ...changes },
    })
    expect(await upsert({})).toEqual(payload(true, {}))
    expect(await upsert({})).toEqual(payload(false, {}))
    expect(await upsert({ status: 'COMPLETED' })).toEqual(payload(false, { status: 'COMPLETED' }))
  })

  test('refuses', async () => {
    const before = await countRows(world)
    expect(await upsert({ externalId: '' })).toEqual(invalidAt('externalId'))
    expect(await upsert({ externalId: 'a\0b' })).toEqual(invalidAt('externalId'))
    expect(await upsert({ patientExternalId: doctor.externalId })).toEqual(invalidAt('patientExternalId'))
    expect(await upsert({ doctorExternalId: patient.externalId })).toEqual(invalidAt('doctorExternalId'))
    for (const nobody of ['', 'nobody', 'a\0b', '\ud83d']) {
      expect(await upsert({ patientExternalId: nobody })).toEqual(notFound)
      expect(await upsert({ doctorExternalId: nobody })).toEqual(notFound)
    }
    expect(await upsert({ externalId: '' }, doctor)).toMatchObject({ code: 'FORBIDDEN' })
    expect(await countRows(world)).toEqual(before)
  })

  test('takes the last moment of the year 9999, and none before the year 1', async () => {
    expect(await upsert({ startsAt: '0000-12-31T23:59:59Z' })).toEqual(invalidAt('startsAt'))
    for (const startsAt of ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'])
      expect(await upsert({ startsAt })).toMatchObject({ appointment: { startsAt } })
  })
})

describe('openConversation', () => {
  const selection = 'created conversation { id kind closedAt } conversationEdge { node { id } }'

  test('makes one for each pair, from either side and by either id, whatever they are to each other later', async () => {
    const made = await doctor.mutate('openConversation', { userId: patient.id }, selection)
    const id = await patient.open(doctor)
    expect(made).toEqual({
      __typename: 'OpenConversationPayload',
      created: true,
      conversation: { id, kind: 'DIRECT', closedAt: null },
      conversationEdge: { node: { id } },
    })
    const again = { ...made, created: false }
    const byExternalId = { externalUserId: doctor.externalId }
    expect(await patient.mutate('openConversation', byExternalId, selection)).toEqual(again)
    for (const appointment of [`appointment-${patient.externalId}-${doctor.externalId}`, 'checkup'])
      await world.appointment(patient, doctor, 'CANCELLED', appointment)
    expect(await patient.mutate('openConversation', { userId: doctor.id }, selection)).toEqual(again)
    await world.appointment(patient, doctor)
  })

  test('needs exactly one id, of somebody else', async () => {
    const { id, externalId } = doctor
    for (const input of [
      {},
      { userId: null },
      { userId: id, externalUserId: externalId },
      { userId: 'x', externalUserId: 'x' },
    ])
      expect(await patient.mutate('openConversation', input)).toEqual(invalidAt('userId'))
    expect(await doctor.mutate('openConversation', { userId: id })).toEqual(invalidAt('userId'))
    expect(await doctor.mutate('openConversation', { externalUserId: externalId })).toEqual(
      invalidAt('externalUserId'),
    )
  })
})

describe('createGroup and addParticipants', () => {
  test('about a patient of one’s own, with nobody else’s', async () => {
    const staff = await world.person('STAFF')
    const other = await world.person('PATIENT')
    await world.appointment(other, doctor, 'CANCELLED')
    const create = (more: object) =>
      doctor.mutate(
        'createGroup',
        { title: 'Care of P.', participantIds: [staff.id, staff.id, doctor.id], ...more },
        'conversation { kind title participantCount patient { id } viewerCanSend } conversationEdge { node { kind } }',
      )
    const group = {
      kind: 'GROUP',
      title: 'Care of P.',
      participantCount: 2,
      patient: null,
      viewerCanSend: true,
    }
    const payload = { __typename: 'CreateGroupPayload', conversationEdge: { node: { kind: 'GROUP' } } }
    expect(await create({})).toEqual({ ...payload, conversation: group })
    const about = { ...group, patient: { id: patient.id } }
    expect(await create({ patientId: patient.id })).toEqual({ ...payload, conversation: about })
    for (const wrong of [{ patientId: other.id }, { participantIds: [patient.id] }, { patientId: staff.id }])
      expect(await create(wrong)).toMatchObject({ code: 'FORBIDDEN' })
    expect(await create({ patientId: patient.id, participantIds: [other.id] })).toMatchObject({
      code: 'FORBIDDEN',
    })
    const many = Array.from({ length: 256 }, (_, index) =>
      Buffer.from(`User:${String(index).padStart(8, '0')}-0000-7000-8000-000000000000`).toString('base64url'),
    )
    expect(await create({ participantIds: many })).toEqual(invalidAt('participantIds'))
    const conversationId = await world.group(doctor, [staff])
    for (const userIds of [[], many])
      expect(await doctor.mutate('addParticipants', { conversationId, userIds })).toEqual(
        invalidAt('userIds'),
      )
    expect(await doctor.mutate('addParticipants', { conversationId, userIds: [patient.id] })).toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})
