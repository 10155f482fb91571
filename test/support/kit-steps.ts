import { expect } from 'vitest'
import type { Screen } from './kit-screens.js'
import type { ConversationView } from './kit-view.js'
import { until } from './parley-process.js'
import type { Person } from './person.js'
import type { World } from './world.js'

/** What 200 steps are made of, and how often; each kind comes as often as it says, in an order that a seed decides. */
export const kinds = {
  send: 31,
  urgent: 4,
  reply: 14,
  edit: 18,
  deleteForEveryone: 12,
  deleteForOneself: 10,
  react: 18,
  pin: 14,
  read: 20,
  own: 12,
  rename: 3,
  type: 7,
  otherClient: 12,
  dropConnection: 8,
  sendOffline: 4,
  missTwenty: 2,
  membership: 3,
  rejoin: 2,
  closed: 2,
  block: 1,
  role: 1,
  reset: 2,
} as const

export type Kind = keyof typeof kinds

/** Numbers in [0, n), the same for the same seed (mulberry32). */
export function dice(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n)
  }
}

/** All the steps, shuffled. */
export function stepsOf(roll: (n: number) => number): Kind[] {
  const steps = kindNames.flatMap((kind) => Array<Kind>(kinds[kind]).fill(kind))
  for (let at = steps.length - 1; at > 0; at--) {
    const other = roll(at + 1)
    const [one, two] = [steps[at], steps[other]]
    if (one && two) [steps[at], steps[other]] = [two, one]
  }
  return steps
}

const kindNames = Object.keys(kinds) as Kind[]

/** Two people with two devices each, their conversation, a group, and a member of it who has none of these clients. */
export interface Stage {
  readonly world: World
  readonly doctor: Person
  readonly patient: Person
  readonly staff: Person
  readonly direct: string
  readonly group: string
  readonly screens: readonly Screen[]
}

/** What each device is to have asked for in a step, beyond acknowledging; nothing where it is not named. */
export type Asked = ReadonlyMap<Screen, Readonly<Record<string, number>>>

const nothing: Asked = new Map()
const comeBack = { Updates: 1, Typing: 1 }

/** Does a step; `settle` waits until all copies are what they are to be. `number` makes its words unlike any others. */
export async function perform(
  stage: Stage,
  kind: Kind,
  number: number,
  roll: (n: number) => number,
  settle: () => Promise<void>,
): Promise<Asked> {
  const { world, doctor, patient, staff, direct, group, screens } = stage
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[roll(list.length)]
    if (picked === undefined) throw new Error('nothing to choose from')
    return picked
  }
  const screen = pick(screens)
  const conversationId = pick([direct, group])
  const messages = messagesOn(screen, conversationId)
  const own = [direct, group]
    .flatMap((id) => messagesOn(screen, id))
    .filter(({ sender, deletedAt }) => sender?.id === screen.person.id && deletedAt === null)
  const standing = messages.filter(({ deletedAt }) => deletedAt === null)
  const onDirect = messagesOn(screen, direct).filter(({ deletedAt }) => deletedAt === null)
  const asks = (operations: Readonly<Record<string, number>>): Asked => new Map([[screen, operations]])
  // Who has said nothing lately has nothing to correct.
  const needsOwn = kind === 'edit' || kind === 'deleteForEveryone'
  const needsStanding =
    (kind === 'react' && standing.length === 0) || (kind === 'pin' && onDirect.length === 0)
  switch ((needsOwn && own.length === 0) || needsStanding ? 'send' : kind) {
    case 'send':
      await screen.send(conversationId, `message ${number}`)
      return asks({ SendMessage: 1 })
    case 'reply':
      await screen.send(conversationId, `reply ${number}`, { replyToId: pick(messages).id })
      return asks({ SendMessage: 1 })
    case 'urgent': {
      const { sent, acknowledger } = await sendUrgent(stage, number)
      return new Map<Screen, Readonly<Record<string, number>>>([
        [sent, { SendMessage: 1 }],
        [acknowledger, { AcknowledgeMessage: 1 }],
      ])
    }
    case 'react': {
      const { id } = pick(standing)
      const emoji = pick(['👍', '❤️', '🙏'])
      await screen.do.react(id, emoji)
      if (roll(2) === 0) return asks({ AddReaction: 1 })
      await settle()
      await screen.do.unreact(id, emoji)
      return asks({ AddReaction: 1, RemoveReaction: 1 })
    }
    case 'pin': {
      const { id } = pick(onDirect)
      await screen.do.pin(id)
      if (roll(3) > 0) return asks({ PinMessage: 1 })
      await settle()
      await screen.do.unpin(id)
      return asks({ PinMessage: 1, UnpinMessage: 1 })
    }
    case 'own': {
      const ways = {
        MarkUnread: () => screen.do.markUnread(conversationId),
        ArchiveConversation: () => screen.do.archive(conversationId),
        UnarchiveConversation: () => screen.do.unarchive(conversationId),
        MuteConversation: () => screen.do.mute(conversationId, pick([null, '2999-01-01T00:00:00.000Z'])),
      } as const
      const way = pick([
        'MarkUnread',
        'ArchiveConversation',
        'UnarchiveConversation',
        'MuteConversation',
      ] as const)
      await ways[way]()
      return asks({ [way]: 1 })
    }
    case 'rename': {
      const doctors = pick(screens.filter(({ person }) => person === doctor))
      await doctors.do.rename(group, `Group ${number}`)
      return new Map([[doctors, { UpdateGroup: 1 }]])
    }
    case 'edit':
      await screen.edit(pick(own).id, `edited ${number}`)
      return asks({ EditMessage: 1 })
    case 'deleteForEveryone':
      await screen.delete(pick(own).id, 'EVERYONE')
      return asks({ DeleteMessage: 1 })
    case 'deleteForOneself':
      await screen.delete(pick(messages).id, 'ME')
      return asks({ DeleteMessage: 1 })
    case 'read': {
      const { lastReadSequence, isMarkedUnread } = conversationOn(screen, conversationId).line
      const newest = screen.bubbles(conversationId).at(-1)
      const isRead =
        newest?.state === 'sent' && newest.message.sequence <= (lastReadSequence ?? 0) && !isMarkedUnread
      await screen.markRead(conversationId)
      return isRead ? nothing : asks({ MarkRead: 1 })
    }
    case 'type': {
      const others = screens.filter(({ person }) => person !== screen.person)
      const shown = (typists: string[]) =>
        others.every((other) => other.typists(conversationId).join() === typists.join())
      screen.type(conversationId, true)
      await until(() => shown([screen.person.externalId]), 'the typist')
      screen.type(conversationId, false)
      await until(() => shown([]), 'nobody')
      return asks({ SetTyping: 2 })
    }
    case 'otherClient': {
      const { id } = await staff.send(group, `staff ${number}`)
      await staff.mutate('editMessage', { messageId: id, body: `staff edited ${number}` })
      await patient.send(direct, `patient ${number}`)
      return nothing
    }
    case 'dropConnection':
      await comingBack(screen, () => screen.network.drop())
      return asks(comeBack)
    case 'sendOffline': {
      screen.network.goOffline()
      await screen.send(conversationId, `offline ${number}a`)
      await screen.send(conversationId, `offline ${number}b`)
      expect(screen.bubbles(conversationId).slice(-2)).toMatchObject([
        { state: 'sending', waiting: { input: { body: `offline ${number}a` } } },
        { state: 'sending', waiting: { input: { body: `offline ${number}b` } } },
      ])
      await comingBack(screen, () => screen.network.goOnline())
      await until(() => screen.outbox.waiting.length === 0, 'both to be sent')
      const bodies = messagesOn(screen, conversationId).map(({ body }) => body)
      expect(bodies.slice(-2)).toEqual([`offline ${number}a`, `offline ${number}b`])
      return asks({ ...comeBack, SendMessage: 2 })
    }
    case 'missTwenty': {
      const other = pick(screens.filter((each) => each !== screen))
      screen.network.goOffline()
      for (let each = 1; each <= 20; each++) await other.send(direct, `missed ${number} ${each}`)
      await until(() => other.outbox.waiting.length === 0, 'twenty to be sent')
      await comingBack(screen, () => screen.network.goOnline())
      return new Map<Screen, Readonly<Record<string, number>>>([
        [screen, comeBack],
        [other, { SendMessage: 20 }],
      ])
    }
    case 'membership':
      await mustDo(doctor, 'removeParticipant', { conversationId: group, userId: staff.id })
      await settle()
      await mustDo(doctor, 'addParticipants', { conversationId: group, userIds: [staff.id] })
      return nothing
    case 'rejoin':
      await mustDo(doctor, 'removeParticipant', { conversationId: group, userId: patient.id })
      await staff.send(group, `not for the patient ${number}`)
      await mustDo(doctor, 'addParticipants', { conversationId: group, userIds: [patient.id] })
      return nothing
    case 'closed': {
      await mustDo(doctor, 'closeConversation', { conversationId: direct })
      await settle()
      const key = await screen.send(direct, `refused ${number}`)
      await until(() => screen.outbox.waiting[0]?.failure === 'CANNOT_SEND', 'the refusal')
      expect(screen.bubbles(direct).at(-1)).toMatchObject({ key, state: 'failed' })
      await mustDo(doctor, 'reopenConversation', { conversationId: direct })
      await screen.outbox.retry(key)
      await until(() => screen.outbox.waiting.length === 0, 'the second attempt')
      return asks({ SendMessage: 2 })
    }
    case 'block':
      await mustDo(doctor, 'blockUser', { userId: patient.id })
      await settle()
      await mustDo(doctor, 'unblockUser', { userId: patient.id })
      return nothing
    case 'role':
      await mustDo(doctor, 'setParticipantRole', { conversationId: group, userId: staff.id, role: 'OWNER' })
      await settle()
      await mustDo(doctor, 'setParticipantRole', { conversationId: group, userId: staff.id, role: 'MEMBER' })
      return nothing
    case 'reset': {
      const before = new Map(screens.map((each) => [each, each.network.count('Start')]))
      await world.sql('UPDATE deployment SET epoch = epoch + 1, changed_at = clock_timestamp()')
      await until(
        () => screens.every((each) => each.network.count('Start') > (before.get(each) ?? 0)),
        'everybody to fetch anew',
      )
      await settle()
      const isShort = conversationOn(screen, direct).hasOlder
      if (isShort) await screen.loadOlder(direct)
      return new Map(
        screens.map((each) => [
          each,
          { Start: 1, ...(each === screen && isShort ? { OlderMessages: 1 } : {}) },
        ]),
      )
    }
  }
}

/** The doctor calls the patient, who says that they have heard. */
async function sendUrgent({ doctor, patient, direct, screens }: Stage, number: number) {
  const sent = screens.find(({ person }) => person === doctor)
  const acknowledger = screens.find(({ person }) => person === patient)
  if (!sent || !acknowledger) throw new Error('nobody to call')
  const body = `urgent ${number}`
  await sent.send(direct, body, { priority: 'URGENT', mentionIds: [patient.id] })
  const found = () => messagesOn(acknowledger, direct).find((message) => message.body === body)
  await until(() => found() !== undefined, 'the call')
  await acknowledger.do.acknowledge(found()?.id ?? '')
  return { sent, acknowledger }
}

/** Waits until a device follows again. */
async function comingBack({ network }: Screen, act: () => void): Promise<void> {
  const before = Object.keys(comeBack).map((name) => [name, network.count(name)] as const)
  act()
  await until(() => before.every(([name, times]) => network.count(name) > times), 'the device to come back')
}

function conversationOn(screen: Screen, conversationId: string): ConversationView {
  const found = screen.view().conversations.find(({ line }) => line.id === conversationId)
  if (!found) throw new Error('there is no such conversation')
  return found
}

/** What was said lately, as far back as a fresh client shows. */
function messagesOn(screen: Screen, conversationId: string) {
  return screen
    .bubbles(conversationId)
    .slice(-20)
    .flatMap((bubble) =>
      bubble.state === 'sent' && bubble.message.kind !== 'SYSTEM' ? [bubble.message] : [],
    )
}

async function mustDo(person: Person, name: string, input: Record<string, unknown>): Promise<void> {
  expect(await person.mutate(name, input)).not.toHaveProperty('code')
}
