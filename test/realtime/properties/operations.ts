import type { Screen } from '../../support/kit-screens.js'
import type { Person } from '../../support/person.js'
import type { World } from '../../support/world.js'

/** Six people who have to do with each other, and what they have made so far. */
export interface Stage {
  readonly world: World
  /** Two doctors, two patients, a staff member and a caregiver. */
  readonly people: readonly Person[]
  /** Two of each person's, in the order of the people: one on each node. */
  readonly devices: readonly Screen[]
  /** The first two are DIRECT. */
  readonly conversationIds: string[]
  readonly messages: Said[]
  /** Whose emoji was put where; perhaps it is gone by now. */
  readonly reactions: { readonly who: number; readonly messageId: string; readonly emoji: string }[]
  /** Messages that were pinned; perhaps they are no longer. */
  readonly pins: string[]
  /** How often each verb had which outcome. */
  readonly outcomes: Map<string, number>
}

interface Said {
  readonly id: string
  readonly conversationId: string
  readonly isUrgent: boolean
}

/** How often each comes up, among all of them. */
const verbs = {
  send: 30,
  mention: 6,
  urgent: 6,
  edit: 8,
  deleteForOneself: 5,
  deleteForEveryone: 5,
  react: 16,
  unreact: 8,
  pin: 8,
  unpin: 5,
  acknowledge: 8,
  markRead: 12,
  markUnread: 6,
  markDelivered: 4,
  archive: 8,
  unarchive: 4,
  mute: 5,
  unmute: 3,
  open: 3,
  createGroup: 1,
  rename: 4,
  add: 9,
  remove: 4,
  setRole: 4,
  close: 2,
  reopen: 7,
  block: 2,
  unblock: 6,
  updatePrivacy: 3,
  setAvailability: 2,
  appointment: 3,
  deactivate: 1,
  dropConnection: 3,
} as const

export type Verb = keyof typeof verbs

export const verbNames = Object.keys(verbs) as Verb[]

/** What nobody is ever refused. */
export const neverRefused: readonly Verb[] = [
  'setAvailability',
  'appointment',
  'deactivate',
  'dropConnection',
]

const deck = verbNames.flatMap((verb) => Array<Verb>(verbs[verb]).fill(verb))

/** Numbers choose among what there is when the operation runs. */
export interface Operation {
  readonly verb: Verb
  readonly who: number
  readonly whom: number
  readonly node: number
  readonly which: number
  readonly other: number
  /** Whether it is about a group. */
  readonly isOfGroup?: boolean
}

/** What owners do: the doctors, who come first. */
const ownersVerbs: readonly Verb[] = ['add', 'remove', 'setRole', 'rename']

/** The next operation that the dice give; `verb` in place of theirs where it is told. */
export function nextOperation(roll: (n: number) => number, verb = deck[roll(deck.length)]): Operation {
  if (verb === undefined) throw new Error('no verb')
  const large = 1_000_000
  return { verb, who: roll(6), whom: roll(6), node: roll(2), which: roll(large), other: roll(large) }
}

const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % list.length]

/** Does it, whatever comes of it: refusals are fine, and counted. */
export async function perform(stage: Stage, given: Operation): Promise<void> {
  // Mostly by who can: few of all people have put that emoji on that message.
  const reaction = stage.reactions.at(-1 - (given.which % Math.min(stage.reactions.length, 20)))
  const isLikely = given.other % 3 > 0
  const isTakenBack = given.verb === 'unreact' && isLikely && reaction !== undefined
  const isOwners = ownersVerbs.includes(given.verb) && isLikely
  const operation = isTakenBack
    ? { ...given, who: reaction.who }
    : isOwners
      ? { ...given, who: given.other % 2, isOfGroup: true }
      : given
  const { verb, who, whom, node } = operation
  const actor = stage.people[who]?.at(node)
  const other = stage.people[whom]
  if (!actor || !other) throw new Error('nobody to act')
  try {
    const outcome = await act(stage, operation, actor, other, isTakenBack ? reaction : undefined)
    count(stage, `${verb}: ${outcome}`)
  } catch (error) {
    if (!String(error).includes('UNAUTHENTICATED')) throw error
    count(stage, `${verb}: UNAUTHENTICATED`)
  }
}

function count({ outcomes }: Stage, outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

/** Of the same kind in two forms, and one that is none. */
const emojis = ['👍', '❤', '❤️', '🙏🏾', '👨‍👩‍👧', 'x']
const availabilities = ['AVAILABLE', 'BUSY', 'AWAY', 'INVISIBLE']

async function act(
  { world, people, devices, conversationIds, messages, reactions, pins }: Stage,
  { verb, which, other: number, who, isOfGroup = false }: Operation,
  actor: Person,
  other: Person,
  reaction: Stage['reactions'][number] | undefined,
): Promise<string> {
  const conversationId = pick(isOfGroup ? conversationIds.slice(2) : conversationIds, which) ?? ''
  const nothing: Said = { id: '', conversationId: '', isUrgent: false }
  // Mostly something recent.
  const recent = (from: readonly Said[]) => from.at(-1 - (which % Math.min(from.length, 20))) ?? nothing
  const message = recent(messages)
  const messageId = message.id
  const inConversation = messages.filter((each) => each.conversationId === conversationId)
  const reply = pick(inConversation.slice(-5), number)
  const run = async (name: string, input: Record<string, unknown>) =>
    (await actor.mutate(name, input)).code ?? 'done'
  const send = async (more: Record<string, unknown>) => {
    const result = await actor.trySend(conversationId, `${verb} ${number}`, more)
    const sent = result.message
    if (typeof sent === 'object' && sent && 'id' in sent)
      messages.push({ id: String(sent.id), conversationId, isUrgent: verb === 'urgent' })
    return result.code ?? 'done'
  }
  /** A mutation that makes a conversation; it may be there already. */
  const make = async (name: string, input: Record<string, unknown>) => {
    const { code, conversation } = await actor.mutate(name, input, 'conversation { id }')
    const id = typeof conversation === 'object' && conversation && 'id' in conversation && conversation.id
    if (id && !conversationIds.includes(String(id))) conversationIds.push(String(id))
    return code ?? 'done'
  }
  switch (verb) {
    case 'send':
      return send({
        ...(reply && number % 3 === 0 ? { replyToId: reply.id } : {}),
        ...(reply && number % 4 === 0 ? { readUpToMessageId: reply.id } : {}),
      })
    case 'mention':
      return send({ mentionIds: [other.id] })
    case 'urgent':
      return send({ priority: 'URGENT' })
    case 'edit':
      return run('editMessage', { messageId, body: `edited ${number}` })
    case 'deleteForOneself':
      return run('deleteMessage', { messageId, scope: 'ME' })
    case 'deleteForEveryone':
      return run('deleteMessage', { messageId, scope: 'EVERYONE' })
    case 'react': {
      const emoji = pick(emojis, number) ?? ''
      const outcome = await run('addReaction', { messageId, emoji })
      if (outcome === 'done') reactions.push({ who, messageId, emoji })
      return outcome
    }
    case 'unreact':
      return run('removeReaction', {
        messageId: reaction?.messageId ?? messageId,
        emoji: reaction?.emoji ?? pick(emojis, number),
      })
    case 'pin': {
      const outcome = await run('pinMessage', { messageId })
      if (outcome === 'done') pins.push(messageId)
      return outcome
    }
    case 'unpin':
      return run('unpinMessage', { messageId: pick(pins.slice(-10), number) ?? messageId })
    case 'acknowledge': {
      const urgent = recent(messages.filter(({ isUrgent }) => isUrgent))
      return run('acknowledgeMessage', { messageId: number % 4 === 0 ? messageId : urgent.id })
    }
    case 'markRead':
      return run('markRead', { conversationId: message.conversationId, upToMessageId: messageId })
    case 'markUnread':
      return run('markUnread', { conversationId })
    case 'markDelivered': {
      // Another's cursor is of no use.
      const whose = number % 3 === 0 ? other : actor
      const { viewer } = await whose.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
      return run('markDelivered', { upToCursor: viewer.updateCursor })
    }
    case 'archive':
      return run('archiveConversation', { conversationId })
    case 'unarchive':
      return run('unarchiveConversation', { conversationId })
    case 'mute': {
      const year = number % 5 === 0 ? 1999 : 2900 + (number % 3)
      return run('muteConversation', { conversationId, until: `${year}-01-01T00:00:00.000Z` })
    }
    case 'unmute':
      return run('muteConversation', { conversationId, until: null })
    case 'open':
      return make('openConversation', { userId: other.id })
    case 'createGroup': {
      const participantIds = people.slice(3).map(({ id }) => id)
      return make('createGroup', { title: `Group ${number}`, participantIds, patientId: people[3]?.id })
    }
    case 'rename':
      return run('updateGroup', { conversationId, title: `Renamed ${number}` })
    case 'add':
      return run('addParticipants', { conversationId, userIds: [other.id] })
    case 'remove':
      return run('removeParticipant', { conversationId, userId: other.id })
    case 'setRole': {
      const role = number % 3 ? 'OWNER' : 'MEMBER'
      return run('setParticipantRole', { conversationId, userId: other.id, role })
    }
    case 'close':
      return run('closeConversation', { conversationId })
    case 'reopen':
      return run('reopenConversation', { conversationId })
    case 'block':
      return run('blockUser', { userId: other.id })
    case 'unblock':
      // Not every id is somebody's.
      return run('unblockUser', { userId: number % 5 === 0 ? conversationId : other.id })
    case 'updatePrivacy': {
      const setting = pick(['sendReadReceipts', 'sendTyping', 'sharePresence'], which) ?? ''
      return run('updatePrivacy', { [setting]: pick([true, true, false, null], number) })
    }
    case 'setAvailability':
      return run('setAvailability', { availability: pick(availabilities, number) })
    case 'appointment': {
      const [doctor, patient] = [people[which % 2], people[2 + (number % 2)]]
      if (doctor && patient)
        await world.appointment(patient, doctor, number % 4 === 0 ? 'CANCELLED' : 'SCHEDULED')
      return 'done'
    }
    case 'deactivate':
      await actor.upsert({ isActive: false })
      await actor.upsert({ isActive: true })
      return 'done'
    case 'dropConnection':
      devices[who * 2 + (number % 2)]?.network.drop()
      return 'done'
  }
}
