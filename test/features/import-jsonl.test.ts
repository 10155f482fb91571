import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importLines } from '../support/import.js'
import { faultsOf } from '../support/invariants.js'
import { Person } from '../support/person.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(async () => {
  expect(await faultsOf(world)).toEqual([])
  await world[Symbol.asyncDispose]()
})

/** The example of docs/import.md. */
async function documented(): Promise<string[]> {
  const page = await readFile(new URL('../../docs/import.md', import.meta.url), 'utf8')
  return /```jsonl\n(.*?)\n```/s.exec(page)?.[1]?.split('\n') ?? []
}

const at = (minute: number) => new Date(Date.UTC(2024, 4, 1, 9, minute)).toISOString()

let made = 0
/** Lines of a doctor, a patient, their appointment and their conversation, all of names of their own. */
function pairLines() {
  made += 1
  const [doctor, patient, conversation] = [`doctor-${made}`, `patient-${made}`, `conversation-${made}`]
  const lines = [
    { person: { externalId: doctor, displayName: 'Dr. Import', role: 'DOCTOR' } },
    { person: { externalId: patient, displayName: 'Pat Import', role: 'PATIENT' } },
    {
      appointment: {
        externalId: `appointment-${made}`,
        patientExternalId: patient,
        doctorExternalId: doctor,
        status: 'COMPLETED',
        startsAt: at(0),
      },
    },
    {
      conversation: {
        kind: 'DIRECT',
        externalId: conversation,
        patientExternalId: patient,
        doctorExternalId: doctor,
      },
    },
  ]
  const message = (senderExternalId: string, minute: number, body: string, more: object = {}) => ({
    message: {
      conversationExternalId: conversation,
      senderExternalId,
      clientMessageId: randomUUID(),
      sentAt: at(minute),
      body,
      ...more,
    },
  })
  return { doctor, patient, conversation, lines, message }
}

/** Somebody whom an import has made. */
function personCalled(externalId: string): Person {
  return new Person(world, externalId, 'DOCTOR', 0)
}

interface State {
  readonly id: string
  readonly closedAt: string | null
  readonly viewerCannotSendReasons: string[]
  readonly unreadCount: number
  readonly lastActivityAt: string
  readonly messages: {
    edges: {
      node: {
        id: string
        kind: string
        sentAt: string
        body: string | null
        deliveryState: string
        receipts: unknown[]
        viewerCanEdit: boolean
        editableUntil: string | null
        systemEvent: { kind: string; actor: { id: string } | null } | null
      }
    }[]
  }
}

/** The newest conversation of somebody, with everything that an import decides. */
async function newestOf(person: Person): Promise<State> {
  const { conversations } = await person.must<{ conversations: { edges: { node: State }[] } }>(
    `{ conversations(first: 1) { edges { node { id closedAt viewerCannotSendReasons unreadCount lastActivityAt
         messages(first: 50) { edges { node { id kind sentAt body deliveryState receipts { user { id } deliveredAt readAt }
           viewerCanEdit editableUntil systemEvent { kind actor { id } } } } } } } } }`,
  )
  const [edge] = conversations.edges
  if (!edge) throw new Error('no conversation')
  return edge.node
}

describe('a file of JSON lines', () => {
  it('is imported as documented, and adds nothing when run again', async () => {
    const lines = await documented()
    expect(lines).toHaveLength(9)
    const first = await importLines(world, lines)
    expect(first).toEqual({
      isComplete: true,
      ended: 2,
      notes: [],
      counts: [
        'people: 3 added, 0 there already, 0 refused',
        'appointments: 1 added, 0 there already, 0 refused',
        'conversations: 2 added, 0 there already, 0 refused',
        'messages: 3 added, 0 there already, 0 refused',
      ],
    })
    const before = await countRows(world)
    const again = await importLines(world, lines)
    expect(again.counts).toEqual([
      'people: 0 added, 3 there already, 0 refused',
      'appointments: 0 added, 1 there already, 0 refused',
      'conversations: 0 added, 2 there already, 0 refused',
      'messages: 0 added, 3 there already, 0 refused',
    ])
    expect(again.ended).toBe(0)
    expect(await countRows(world)).toEqual(before)
  })

  it('keeps times and reads as read by all, edited by nobody', async () => {
    const { doctor, lines, message, patient } = pairLines()
    await importLines(world, [...lines, message(doctor, 1, 'first'), message(patient, 1, 'same minute')])
    const state = await newestOf(personCalled(doctor))
    expect(state).toMatchObject({ closedAt: null, viewerCannotSendReasons: [], unreadCount: 0 })
    const [first, second, mark] = state.messages.edges.map((edge) => edge.node)
    const common = { sentAt: at(1), kind: 'TEXT', deliveryState: 'READ', receipts: [], viewerCanEdit: false }
    expect(first).toMatchObject({ ...common, body: 'first', editableUntil: at(1) })
    expect(second).toMatchObject({ ...common, body: 'same minute', editableUntil: null })
    expect(mark?.systemEvent).toEqual({ kind: 'HISTORY_IMPORTED', actor: null })
    expect(mark?.sentAt).toBe(state.lastActivityAt)
    expect(Date.parse(mark?.sentAt ?? '')).toBeGreaterThan(Date.now() - 60_000)
    const edited = await personCalled(doctor).mutate('editMessage', { messageId: first?.id, body: 'no' })
    expect(edited).toMatchObject({ code: 'EDIT_WINDOW_CLOSED' })
    const deleted = await personCalled(doctor).mutate('deleteMessage', {
      messageId: first?.id,
      scope: 'EVERYONE',
    })
    expect(deleted.code).toBeUndefined()
  })

  it('tells its people of the conversation and of the end, and of no message', async () => {
    const { doctor, lines, message, patient } = pairLines()
    await importLines(world, [...lines, message(doctor, 1, 'a'), message(patient, 2, 'b')])
    const rows = await world.sql<{ kind: string; viewer_unread: number }>(
      `SELECT u.kind, u.viewer_unread FROM updates u JOIN users p ON p.id = u.user_id
        WHERE p.external_id = $1 ORDER BY u."position"`,
      [patient],
    )
    expect(rows).toEqual([
      { kind: 'CONVERSATION_OPENED', viewer_unread: 0 },
      { kind: 'CONVERSATION_CHANGED', viewer_unread: 0 },
      { kind: 'MESSAGE_SENT', viewer_unread: 0 },
    ])
  })

  it('is closed to sends until it has ended; then keys of the history count as used', async () => {
    const { doctor, lines, message, patient } = pairLines()
    const [a, b] = [message(doctor, 1, 'a'), message(patient, 2, 'b')]
    const stopped = await importLines(world, [...lines, a], { stopAfterBatches: 1 })
    expect(stopped).toMatchObject({ isComplete: false, ended: 0 })
    const writer = personCalled(doctor)
    const underway = await newestOf(writer)
    expect(underway.viewerCannotSendReasons).toEqual(['CONVERSATION_CLOSED'])
    expect(underway.closedAt).not.toBeNull()
    expect(await writer.mutate('reopenConversation', { conversationId: underway.id })).toMatchObject({
      __typename: 'ReopenConversationPayload',
    })
    expect(await writer.trySend(underway.id, 'too early')).toMatchObject({
      code: 'CANNOT_SEND',
      reasons: ['CONVERSATION_CLOSED'],
    })

    const rest = await importLines(world, [...lines, a, b])
    expect(rest).toMatchObject({ ended: 1, notes: [] })
    expect(rest.counts).toContain('messages: 1 added, 1 there already, 0 refused')
    const { clientMessageId } = a.message
    expect(await writer.trySend(underway.id, 'a', { clientMessageId })).toMatchObject({ replayed: true })
    expect(await writer.trySend(underway.id, 'other', { clientMessageId })).toMatchObject({
      code: 'CONFLICT',
    })
    expect(await writer.send(underway.id, 'now it goes on')).toMatchObject({ sequence: 4 })
    expect((await newestOf(personCalled(patient))).unreadCount).toBe(1)
  })

  it('refuses by line what it can’t take, and imports the rest', async () => {
    const { doctor, lines, message, patient, conversation } = pairLines()
    const used = message(doctor, 10, 'said at ten past')
    const other = pairLines()
    const notes = [
      [message(doctor, 9, 'before it'), 'sentAt: it lies before the message before it'],
      [{ message: { ...used.message, body: 'x' } }, 'clientMessageId: it is there already, for another text'],
      [
        { message: { ...used.message, sentAt: at(11) } },
        'clientMessageId: it is there already, at another time',
      ],
      [message(doctor, 12, ' '), 'body: It must not be empty.'],
      [message(doctor, 12, 'x'.repeat(5001)), 'body: It must not be longer than 5000 characters.'],
      [message(doctor, 12, 'a\0b'), 'body: It must not contain the NUL character.'],
      [message(doctor, 12, 'x', { sentAt: '2999-01-01T00:00:00Z' }), 'sentAt: it lies in the future'],
      [message(doctor, 12, 'x', { sentAt: '2024-05-01' }), 'message.sentAt: Invalid ISO datetime'],
      [message(doctor, 12, 'x', { clientMessageId: 'k' }), 'clientMessageId: not a UUID'],
      [message('nobody', 12, 'x'), 'senderExternalId: nobody is called so'],
      [
        message(other.doctor, 12, 'x'),
        'senderExternalId: this person does not take part in the conversation',
      ],
      [
        message(doctor, 12, 'x', { conversationExternalId: 'later' }),
        'conversationExternalId: no earlier line names a conversation so',
      ],
      [message(doctor, 12, 'x', { mood: 'bad' }), 'message: it has a field that is not known'],
      ['{"message":', 'it is not JSON'],
      ['[]', 'wanted is one object a line with one field: person, appointment, conversation, message'],
      [
        { person: { externalId: doctor, displayName: 'x', role: 'STAFF' } },
        'somebody of this externalId is there in another role',
      ],
      [
        { person: { externalId: 'root', displayName: 'x', role: 'ADMIN' } },
        'person.role: Invalid option: expected one of "PATIENT"|"DOCTOR"|"STAFF"|"CAREGIVER"',
      ],
      [
        { person: { externalId: 'e', displayName: 'x', role: 'STAFF', email: 'at home' } },
        'email: It must be an e-mail address.',
      ],
      [
        {
          conversation: {
            kind: 'DIRECT',
            externalId: conversation,
            patientExternalId: patient,
            doctorExternalId: doctor,
          },
        },
        'externalId: an earlier line has named a conversation so',
      ],
      [
        {
          conversation: {
            kind: 'DIRECT',
            externalId: 'twice',
            patientExternalId: patient,
            doctorExternalId: doctor,
          },
        },
        'an earlier line has named this conversation otherwise',
      ],
      [
        {
          conversation: {
            kind: 'DIRECT',
            externalId: 'swapped',
            patientExternalId: doctor,
            doctorExternalId: patient,
          },
        },
        'patientExternalId: not a patient',
      ],
      [
        {
          conversation: {
            kind: 'GROUP',
            externalId: 'others',
            title: 'x',
            ownerExternalId: doctor,
            patientExternalId: patient,
            participantExternalIds: [other.patient],
          },
        },
        'participantExternalIds: the only patient in a group is the one whom it is about',
      ],
    ] as const
    const head = [...lines, ...other.lines, used]
    const tail = message(patient, 12, 'and the last one')
    const imported = await importLines(world, [...head, ...notes.map(([line]) => line), tail])
    expect(imported.notes).toEqual(
      notes.map(([, why], index) => `line ${head.length + index + 1}: refused: ${why}`),
    )
    expect(imported.counts.find((line) => line.startsWith('messages'))).toMatch(
      /^messages: 2 added, 0 there already/,
    )
    const said = (await newestOf(personCalled(doctor))).messages.edges.map((edge) => edge.node.body)
    expect(said).toEqual(['said at ten past', 'and the last one', null])
  })

  it('knows what later lines make only from there on, within a batch too', async () => {
    const { doctor, lines, message } = pairLines()
    const imported = await importLines(world, [message(doctor, 1, 'too early'), ...lines.toReversed()])
    expect(imported.notes.map((note) => note.split(': refused: ')[0])).toEqual(['line 1', 'line 2', 'line 3'])
    expect(imported.counts).toContain('people: 2 added, 0 there already, 0 refused')
  })

  it('leaves a conversation alone that holds live messages or has been imported', async () => {
    const live = await world.pair()
    const kept = await live.doctor.send(live.conversationId, 'said here')
    const clientMessageId = randomUUID()
    await live.patient.send(live.conversationId, 'said here too', { clientMessageId })
    const line = {
      conversation: {
        kind: 'DIRECT',
        externalId: 'live',
        patientExternalId: live.patient.externalId,
        doctorExternalId: live.doctor.externalId,
      },
    }
    const said = (body: string, more: object) => ({
      message: {
        conversationExternalId: 'live',
        senderExternalId: live.patient.externalId,
        clientMessageId: randomUUID(),
        sentAt: at(1),
        body,
        ...more,
      },
    })
    const imported = await importLines(world, [
      line,
      said('older', {}),
      said('said here too', { clientMessageId }),
      said('otherwise', { clientMessageId }),
    ])
    expect(imported).toMatchObject({
      ended: 0,
      notes: [
        'line 2: refused: its conversation holds messages that were not imported',
        'line 4: refused: clientMessageId: it is there already, for another text',
      ],
    })
    expect(imported.counts).toContain('messages: 0 added, 1 there already, 2 refused')
    expect((await live.doctor.history(live.conversationId)).map((message) => message.id)[0]).toBe(kept.id)
    expect(await live.doctor.send(live.conversationId, 'still open')).toMatchObject({ sequence: 3 })

    const { doctor, lines, message } = pairLines()
    await importLines(world, [...lines, message(doctor, 1, 'a')])
    const late = await importLines(world, [...lines, message(doctor, 2, 'b')])
    expect(late.notes).toEqual(['line 5: refused: its conversation was imported before, and takes no more'])
  })

  it('says where a group that is there is not as the file has it, and leaves it so', async () => {
    const { doctor, patient, lines, message } = pairLines()
    const group = (externalId: string, more: object) => ({
      conversation: {
        kind: 'GROUP',
        externalId,
        title: 'As it was',
        ownerExternalId: doctor,
        patientExternalId: patient,
        participantExternalIds: [patient],
        ...more,
      },
    })
    const [renamed, joined, other] = [`renamed-${doctor}`, `joined-${doctor}`, `other-${doctor}`]
    const said = (conversationExternalId: string) => message(doctor, 1, 'a', { conversationExternalId })
    const first = await importLines(world, [
      ...lines,
      ...[renamed, joined, other].flatMap((name) => [group(name, {}), said(name)]),
    ])
    expect(first.notes).toEqual([])
    const second = await importLines(world, [
      group(renamed, { title: 'Otherwise' }),
      group(joined, { title: 'Otherwise', participantExternalIds: [] }),
      group(other, { patientExternalId: null, participantExternalIds: [] }),
      // What was refused has named nothing.
      group(other, {}),
    ])
    const differing = [
      'the group is there with another title, and stays as it is',
      'the group is there with other participants and another title, and stays as it is',
    ]
    expect(second).toMatchObject({
      ended: 0,
      notes: [
        `line 1: skipped: ${differing[0]}`,
        `line 2: skipped: ${differing[1]}`,
        'line 3: refused: externalId: a group of this name is there about somebody else',
      ],
      counts: [
        'conversations: 0 added, 3 there already, 1 refused',
        `skipped: 1 × ${differing[0]}`,
        `skipped: 1 × ${differing[1]}`,
      ],
    })
    const kept = await personCalled(patient).must<{
      conversations: { edges: { node: { title: string | null } }[] }
    }>('{ conversations(first: 5) { edges { node { title } } } }')
    expect(kept.conversations.edges.map((edge) => edge.node.title).sort()).toEqual([
      'As it was',
      'As it was',
      'As it was',
      null,
    ])
  })

  it('fills an empty conversation that was there, and tells its people that it is closed and open again', async () => {
    const { patient, doctor, conversationId } = await world.pair()
    const stream = patient.follow()
    await stream.caughtUp()
    const line = {
      conversation: {
        kind: 'DIRECT',
        externalId: 'empty',
        patientExternalId: patient.externalId,
        doctorExternalId: doctor.externalId,
      },
    }
    const message = {
      conversationExternalId: 'empty',
      senderExternalId: doctor.externalId,
      clientMessageId: randomUUID(),
      sentAt: at(1),
      body: 'from before',
    }
    expect(await importLines(world, [line, { message }])).toMatchObject({ ended: 1, notes: [] })
    const sent = await stream.change('MessageSent')
    expect(sent).toMatchObject({ message: { sequence: 2, systemEvent: { kind: 'HISTORY_IMPORTED' } } })
    const live = stream.updates.slice(-3)
    expect(live.map((update) => [update.change?.__typename, update.conversation?.id])).toEqual([
      ['ConversationChanged', conversationId],
      ['ConversationChanged', conversationId],
      ['MessageSent', conversationId],
    ])
    expect(live.at(-1)?.conversationUnreadCount).toBe(0)
    await patient.close()
  })

  it('goes beside live traffic of the same people, and nothing is lost on either side', async () => {
    const doctor = await world.person('DOCTOR')
    const patients = await Promise.all(Array.from({ length: 13 }, () => world.person('PATIENT')))
    await Promise.all(patients.map((patient) => world.appointment(patient, doctor)))
    const [first, second] = patients
    if (!first || !second) throw new Error('nobody')
    const talk = await doctor.open(first)
    const others = patients.slice(1)
    const lines = others.flatMap((patient) => [
      {
        conversation: {
          kind: 'DIRECT',
          externalId: `busy-${patient.externalId}`,
          patientExternalId: patient.externalId,
          doctorExternalId: doctor.externalId,
        },
      },
      ...Array.from({ length: 20 }, (_, minute) => ({
        message: {
          conversationExternalId: `busy-${patient.externalId}`,
          senderExternalId: minute % 2 === 0 ? doctor.externalId : patient.externalId,
          clientMessageId: randomUUID(),
          sentAt: at(minute),
          body: `turn ${minute}`,
        },
      })),
    ])
    const sent: string[] = []
    const sends = async () => {
      for (let turn = 0; turn < 20; turn++) {
        const { id } = await (turn % 2 === 0 ? doctor : first).send(talk, `live ${turn}`)
        sent.push(id)
      }
    }
    const opened: string[] = []
    const opens = async () => {
      for (const patient of others) opened.push(await patient.open(doctor))
    }
    const [imported] = await Promise.all([importLines(world, lines), sends(), opens()])
    expect(imported).toMatchObject({ ended: others.length, notes: [] })
    expect((await doctor.history(talk)).map((message) => message.id)).toEqual(sent)
    const bodies = Array.from({ length: 20 }, (_, minute) => `turn ${minute}`)
    for (const id of opened)
      expect((await doctor.history(id)).map((message) => message.body)).toEqual([...bodies, null])
  })
})
