import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { outcomeOf } from '../support/outcomes.js'
import type { Person, Result } from '../support/person.js'
import { World } from '../support/world.js'

// Who may do what, as the design's table says it. A cell is what the verb answers to this person:
//   ok · no FORBIDDEN · - NOT_FOUND · closed, gone, both CANNOT_SEND because the conversation is closed, because
//   the person has left it, for both reasons
// "own" is a message of the person's, "other" one of somebody else's. `left` took part until a moment ago.

const group = `
  verb                    state   owner   doctor  staff   caregiver patient left    stranger admin auditor service
  send                    open    ok      ok      ok      ok        ok      gone    -        -     -       -
  send                    closed  closed  closed  closed  closed    closed  both    -        -     -       -
  edit own                open    ok      ok      ok      ok        ok      gone    -        -     -       -
  edit own                closed  closed  closed  closed  closed    closed  both    -        -     -       -
  edit other              open    no      no      no      no        no      no      -        -     -       -
  edit other              closed  no      no      no      no        no      no      -        -     -       -
  delete own for me       open    ok      ok      ok      ok        ok      ok      -        -     -       -
  delete other for me     open    ok      ok      ok      ok        ok      ok      -        -     -       -
  delete other for me     closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  delete own for all      open    ok      ok      ok      ok        ok      ok      -        -     -       -
  delete own for all      closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  delete other for all    open    ok      no      no      no        no      no      -        -     -       -
  delete other for all    closed  ok      no      no      no        no      no      -        -     -       -
  markRead                open    ok      ok      ok      ok        ok      ok      -        -     -       -
  markRead                closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  addParticipants         open    ok      no      no      no        no      no      -        -     -       -
  addParticipants         closed  ok      no      no      no        no      no      -        -     -       -
  make an owner           open    ok      no      no      no        no      -       -        -     -       -
  make an owner           closed  ok      no      no      no        no      -       -        -     -       -
  step down               open    no      no      no      no        no      no      -        -     -       -
  remove another          open    ok      no      no      no        no      -       -        -     -       -
  remove another          closed  ok      no      no      no        no      -       -        -     -       -
  leave                   open    ok      ok      ok      ok        ok      ok      -        -     -       -
  leave                   closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  close                   open    ok      no      no      no        no      no      -        -     -       -
  close                   closed  ok      no      no      no        no      no      -        -     -       -
  reopen                  open    ok      no      no      no        no      no      -        -     -       -
  reopen                  closed  ok      no      no      no        no      no      -        -     -       -
  block                   open    ok      ok      ok      ok        ok      ok      -        ok    ok      ok
  unblock                 open    ok      ok      ok      ok        ok      ok      -        ok    ok      ok
  send URGENT             open    ok      ok      ok      ok        ok      gone    -        -     -       -
  send URGENT             closed  closed  closed  closed  closed    closed  both    -        -     -       -
  mention                 open    ok      ok      ok      ok        ok      gone    -        -     -       -
  mention                 closed  closed  closed  closed  closed    closed  both    -        -     -       -
  react                   open    ok      ok      ok      ok        ok      no      -        -     -       -
  react                   closed  no      no      no      no        no      no      -        -     -       -
  unreact                 open    ok      ok      ok      ok        ok      no      -        -     -       -
  unreact                 closed  no      no      no      no        no      no      -        -     -       -
  pin                     open    ok      ok      no      no        no      no      -        -     -       -
  pin                     closed  no      no      no      no        no      no      -        -     -       -
  unpin                   open    ok      ok      no      no        no      no      -        -     -       -
  unpin                   closed  no      no      no      no        no      no      -        -     -       -
  acknowledge             open    ok      ok      ok      ok        ok      no      -        -     -       -
  acknowledge             closed  ok      ok      ok      ok        ok      no      -        -     -       -
  acknowledge own         open    no      no      no      no        no      no      -        -     -       -
  markUnread              open    ok      ok      ok      ok        ok      ok      -        -     -       -
  markUnread              closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  archive                 open    ok      ok      ok      ok        ok      ok      -        -     -       -
  archive                 closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  unarchive               open    ok      ok      ok      ok        ok      ok      -        -     -       -
  unarchive               closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  mute                    open    ok      ok      ok      ok        ok      ok      -        -     -       -
  mute                    closed  ok      ok      ok      ok        ok      ok      -        -     -       -
  updateGroup             open    ok      no      no      no        no      no      -        -     -       -
  updateGroup             closed  ok      no      no      no        no      no      -        -     -       -
`

const direct = `
  verb                    state   patient doctor  stranger admin auditor service
  send                    open    ok      ok      -        -     -       -
  send                    closed  closed  closed  -        -     -       -
  edit own                open    ok      ok      -        -     -       -
  edit own                closed  closed  closed  -        -     -       -
  edit other              open    no      no      -        -     -       -
  delete own for me       closed  ok      ok      -        -     -       -
  delete other for me     open    ok      ok      -        -     -       -
  delete own for all      open    ok      ok      -        -     -       -
  delete own for all      closed  ok      ok      -        -     -       -
  delete other for all    open    no      no      -        -     -       -
  markRead                open    ok      ok      -        -     -       -
  markRead                closed  ok      ok      -        -     -       -
  addParticipants         open    no      no      -        -     -       -
  make an owner           open    no      no      -        -     -       -
  step down               open    no      no      -        -     -       -
  remove another          open    no      no      -        -     -       -
  leave                   open    no      no      -        -     -       -
  close                   open    no      ok      -        -     -       -
  close                   closed  no      ok      -        -     -       -
  reopen                  open    no      ok      -        -     -       -
  reopen                  closed  no      ok      -        -     -       -
  send URGENT             open    ok      ok      -        -     -       -
  send URGENT             closed  closed  closed  -        -     -       -
  mention                 open    ok      ok      -        -     -       -
  mention                 closed  closed  closed  -        -     -       -
  react                   open    ok      ok      -        -     -       -
  react                   closed  no      no      -        -     -       -
  unreact                 open    ok      ok      -        -     -       -
  unreact                 closed  no      no      -        -     -       -
  pin                     open    ok      ok      -        -     -       -
  pin                     closed  no      no      -        -     -       -
  unpin                   open    ok      ok      -        -     -       -
  unpin                   closed  no      no      -        -     -       -
  acknowledge             open    ok      ok      -        -     -       -
  acknowledge             closed  ok      ok      -        -     -       -
  acknowledge own         open    no      no      -        -     -       -
  markUnread              open    ok      ok      -        -     -       -
  markUnread              closed  ok      ok      -        -     -       -
  archive                 open    ok      ok      -        -     -       -
  archive                 closed  ok      ok      -        -     -       -
  unarchive               open    ok      ok      -        -     -       -
  unarchive               closed  ok      ok      -        -     -       -
  mute                    open    ok      ok      -        -     -       -
  mute                    closed  ok      ok      -        -     -       -
  updateGroup             open    no      no      -        -     -       -
  updateGroup             closed  no      no      -        -     -       -
`

// By role alone. `pair`: seen, but no pair of patient and doctor.
const roles = `
  verb                    patient doctor  staff   caregiver admin auditor service
  open with a related     ok      ok      pair    pair      -     -       -
  createGroup             no      ok      no      no        no    no      no
  upsertUser              no      no      no      no        ok    no      ok
  upsertUser of an admin  no      no      no      no        ok    no      no
  upsertAppointment       no      no      no      no        ok    no      ok
`

const words: Record<string, string> = {
  ok: 'ok',
  no: 'FORBIDDEN',
  '-': 'NOT_FOUND',
  closed: 'CANNOT_SEND [CONVERSATION_CLOSED]',
  gone: 'CANNOT_SEND [NOT_A_PARTICIPANT]',
  both: 'CANNOT_SEND [CONVERSATION_CLOSED, NOT_A_PARTICIPANT]',
  pair: 'CANNOT_SEND [NO_CARE_RELATIONSHIP]',
}

interface Row {
  readonly verb: string
  readonly expected: Record<string, string>
}

function rowsOf(table: string): Row[] {
  const [head = '', ...lines] = table.trim().split('\n')
  const names = head.trim().split(/\s+/).slice(1)
  return lines.map((line) => {
    const cells = line.trim().split(/\s+/)
    const firstCell = cells.length - names.length
    const entries = names.map((name, index) => [name, cells[firstCell + index] ?? ''])
    return { verb: cells.slice(0, firstCell).join(' '), expected: Object.fromEntries(entries) }
  })
}

let world: World
const cast = new Map<string, Person>()
const person = (name: string): Person => {
  const found = cast.get(name)
  if (!found) throw new Error(`nobody plays ${name}`)
  return found
}

beforeAll(async () => {
  world = await World.start()
  const made = {
    owner: await world.person('DOCTOR'),
    doctor: await world.person('DOCTOR'),
    staff: await world.person('STAFF'),
    caregiver: await world.person('CAREGIVER'),
    patient: await world.person('PATIENT'),
    left: await world.person('STAFF'),
    stranger: await world.person('DOCTOR'),
    admin: await world.person('ADMIN'),
    auditor: await world.person('AUDITOR'),
    service: await world.person('SERVICE'),
    colleague: await world.person('DOCTOR'),
    newcomer: await world.person('STAFF'),
  }
  for (const [name, one] of Object.entries(made)) cast.set(name, one)
  await world.appointment(made.patient, made.owner)
  await world.appointment(made.patient, made.doctor)
  // So that everybody sees the one whom they are to add.
  const { owner, doctor, staff, caregiver, patient, left, newcomer } = made
  await world.group(owner, [doctor, staff, caregiver, patient, left, newcomer], patient)
})
afterAll(() => world[Symbol.asyncDispose]())

interface Scene {
  readonly conversationId: string
  readonly messageId: string
  readonly someone: Person
  readonly addable: Person
}

const aboutOther = ['markRead', 'react', 'unreact', 'pin', 'unpin', 'acknowledge']
const isAboutOther = (verb: string) =>
  verb.includes('other ') || verb.endsWith('other') || aboutOther.includes(verb)

const sayingSo = async (author: Person, conversationId: string, verb: string): Promise<string> => {
  if (!verb.startsWith('acknowledge')) return (await author.send(conversationId, 'Said.')).id
  // What was urgent in other scenes counts against nobody here.
  await world.sql(`UPDATE messages SET sent_at = sent_at - interval '1 hour' WHERE priority = 'URGENT'`)
  return (await author.send(conversationId, 'Said at once.', { priority: 'URGENT' })).id
}

async function groupScene(actor: Person, verb: string, state: string): Promise<Scene> {
  const [owner, left] = [person('owner'), person('left')]
  const members = ['doctor', 'staff', 'caregiver', 'patient', 'colleague', 'left'].map(person)
  const conversationId = await world.group(owner, members, person('patient'))
  const isMember = actor === owner || members.includes(actor)
  const author = verb.includes('own') && isMember ? actor : person('colleague')
  const messageId =
    verb.includes('own') || isAboutOther(verb) ? await sayingSo(author, conversationId, verb) : ''
  await must(left, 'removeParticipant', { conversationId, userId: left.id })
  if (state === 'closed') await must(owner, 'closeConversation', { conversationId })
  return { conversationId, messageId, someone: person('colleague'), addable: person('newcomer') }
}

async function directScene(actor: Person, verb: string, state: string): Promise<Scene> {
  const [patient, doctor] = [person('patient'), person('doctor')]
  const conversationId = await doctor.open(patient)
  await must(doctor, 'reopenConversation', { conversationId })
  const someone = actor === patient ? doctor : patient
  const author = verb.includes('own') && actor === patient ? patient : verb.includes('own') ? doctor : someone
  const messageId = await sayingSo(author, conversationId, verb)
  if (state === 'closed') await must(doctor, 'closeConversation', { conversationId })
  return { conversationId, messageId, someone, addable: someone }
}

async function must(actor: Person, verb: string, input: Record<string, unknown>): Promise<void> {
  const result = await actor.mutate(verb, input)
  if (result.code) throw new Error(`${actor.externalId} ${verb}: ${JSON.stringify(result)}`)
}

type Attempt = (actor: Person, scene: Scene) => Promise<Result>

const verbs: Record<string, Attempt> = {
  send: (actor, { conversationId }) => actor.trySend(conversationId, 'Hello.'),
  'edit own': (actor, { messageId }) => actor.mutate('editMessage', { messageId, body: 'Changed.' }),
  'edit other': (actor, { messageId }) => actor.mutate('editMessage', { messageId, body: 'Changed.' }),
  'delete own for me': (actor, { messageId }) => actor.mutate('deleteMessage', { messageId, scope: 'ME' }),
  'delete other for me': (actor, { messageId }) => actor.mutate('deleteMessage', { messageId, scope: 'ME' }),
  'delete own for all': (actor, { messageId }) =>
    actor.mutate('deleteMessage', { messageId, scope: 'EVERYONE' }),
  'delete other for all': (actor, { messageId }) =>
    actor.mutate('deleteMessage', { messageId, scope: 'EVERYONE' }),
  markRead: (actor, { conversationId, messageId }) =>
    actor.mutate('markRead', { conversationId, upToMessageId: messageId }),
  addParticipants: (actor, { conversationId, addable }) =>
    actor.mutate('addParticipants', { conversationId, userIds: [addable.id] }),
  'make an owner': (actor, { conversationId, someone }) =>
    actor.mutate('setParticipantRole', { conversationId, userId: someone.id, role: 'OWNER' }),
  'step down': (actor, { conversationId }) =>
    actor.mutate('setParticipantRole', { conversationId, userId: actor.id, role: 'MEMBER' }),
  'remove another': (actor, { conversationId, someone }) =>
    actor.mutate('removeParticipant', { conversationId, userId: someone.id }),
  leave: (actor, { conversationId }) =>
    actor.mutate('removeParticipant', { conversationId, userId: actor.id }),
  close: (actor, { conversationId }) => actor.mutate('closeConversation', { conversationId }),
  reopen: (actor, { conversationId }) => actor.mutate('reopenConversation', { conversationId }),
  block: async (actor) => {
    const userId = whoIsBlocked(actor).id
    const result = await actor.mutate('blockUser', { userId })
    await actor.mutate('unblockUser', { userId })
    return result
  },
  unblock: (actor) => actor.mutate('unblockUser', { userId: whoIsBlocked(actor).id }),
  'send URGENT': (actor, { conversationId }) => actor.trySend(conversationId, 'Now!', { priority: 'URGENT' }),
  mention: (actor, { conversationId, someone }) =>
    actor.trySend(conversationId, 'You there.', { mentionIds: [someone.id] }),
  react: (actor, { messageId }) => actor.mutate('addReaction', { messageId, emoji: '👍' }),
  unreact: (actor, { messageId }) => actor.mutate('removeReaction', { messageId, emoji: '👍' }),
  pin: (actor, { messageId }) => actor.mutate('pinMessage', { messageId }),
  unpin: (actor, { messageId }) => actor.mutate('unpinMessage', { messageId }),
  acknowledge: (actor, { messageId }) => actor.mutate('acknowledgeMessage', { messageId }),
  'acknowledge own': (actor, { messageId }) => actor.mutate('acknowledgeMessage', { messageId }),
  markUnread: (actor, { conversationId }) => actor.mutate('markUnread', { conversationId }),
  archive: (actor, { conversationId }) => actor.mutate('archiveConversation', { conversationId }),
  unarchive: (actor, { conversationId }) => actor.mutate('unarchiveConversation', { conversationId }),
  mute: (actor, { conversationId }) =>
    actor.mutate('muteConversation', { conversationId, until: '2100-01-01T00:00:00.000Z' }),
  updateGroup: (actor, { conversationId }) =>
    actor.mutate('updateGroup', { conversationId, title: `As ${actor.externalId} says` }),
}

/** What one person does here leaves the scene as good for the next, and the next row. */
const repeatable = new Set(
  ['send', 'send URGENT', 'mention', 'edit other', 'markRead', 'markUnread', 'react', 'unreact'].concat([
    'pin',
    'unpin',
    'acknowledge',
    'archive',
    'unarchive',
    'mute',
    'updateGroup',
    'block',
    'unblock',
  ]),
)

/** Scenes that serve several people; everybody else comes to one of their own. */
function sharedScenes(make: (actor: Person, verb: string, state: string) => Promise<Scene>) {
  const made = new Map<string, Promise<Scene>>()
  return (actor: Person, verb: string, state: string, key: string): Promise<Scene> => {
    if (!repeatable.has(verb)) return make(actor, verb, state)
    const scene = made.get(key) ?? make(actor, verb, state)
    made.set(key, scene)
    return scene
  }
}

const whoIsBlocked = (actor: Person) => person(actor === person('patient') ? 'doctor' : 'patient')

const platformVerbs: Record<string, (actor: Person) => Promise<Result>> = {
  'open with a related': (actor) =>
    actor.mutate('openConversation', { userId: person(actor.role === 'DOCTOR' ? 'patient' : 'doctor').id }),
  createGroup: (actor) =>
    actor.mutate('createGroup', {
      title: 'A team',
      participantIds: [person(actor.role === 'DOCTOR' ? 'staff' : 'doctor').id],
    }),
  upsertUser: (actor) =>
    actor.mutate('upsertUser', { externalId: `by-${actor.role}`, displayName: 'New', role: 'PATIENT' }),
  'upsertUser of an admin': (actor) =>
    actor.mutate('upsertUser', { externalId: `admin-by-${actor.role}`, displayName: 'New', role: 'ADMIN' }),
  upsertAppointment: (actor) =>
    actor.mutate('upsertAppointment', {
      externalId: `by-${actor.role}`,
      patientExternalId: person('patient').externalId,
      doctorExternalId: person('doctor').externalId,
      status: 'COMPLETED',
      startsAt: '2029-05-01T08:00:00.000Z',
    }),
}

/** Expects of each person in the row what its cell says, all at once in the failure's difference. */
async function expectRow(
  { verb, expected }: Row,
  attempt: (name: string) => Promise<Result>,
  isAtOnce = false,
): Promise<void> {
  const outcomes: Record<string, string> = {}
  const run = async (name: string) => {
    outcomes[name] = outcomeOf(await attempt(name))
  }
  const names = Object.keys(expected).filter((name) => name !== 'state')
  if (isAtOnce) await Promise.all(names.map(run))
  else for (const name of names) await run(name)
  expect(outcomes, verb).toEqual(
    Object.fromEntries(names.map((name) => [name, words[expected[name] ?? ''] ?? 'no such cell'])),
  )
}

function verbOf(verb: string): Attempt {
  const attempt = verbs[verb]
  if (!attempt) throw new Error(`no verb ${verb}`)
  return attempt
}

describe('in a GROUP', () => {
  const sceneOf = sharedScenes(groupScene)
  test.each(rowsOf(group))('$verb, $expected.state', async (row) => {
    const { verb } = row
    const { state = '' } = row.expected
    const isAbout = isAboutOther(verb) ? (verb === 'acknowledge' ? 'urgent' : 'routine') : 'nothing'
    await expectRow(
      row,
      async (name) =>
        verbOf(verb)(person(name), await sceneOf(person(name), verb, state, `${isAbout} ${state}`)),
      repeatable.has(verb),
    )
  })
})

describe('in a DIRECT conversation', () => {
  const sceneOf = sharedScenes(directScene)
  test.each(rowsOf(direct))('$verb, $expected.state', async (row) => {
    const { verb } = row
    const { state = '' } = row.expected
    // There is one such conversation, open or closed as the row has it.
    await expectRow(row, async (name) => {
      const key = `${verb} ${state} ${name === 'patient'}`
      return verbOf(verb)(person(name), await sceneOf(person(name), verb, state, key))
    })
  })
})

describe('by role alone', () => {
  test.each(rowsOf(roles))('$verb', async (row) => {
    const attempt = platformVerbs[row.verb]
    if (!attempt) throw new Error(`no verb ${row.verb}`)
    await expectRow(row, (name) => attempt(person(name)))
  })
})
