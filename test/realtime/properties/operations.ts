import fc from 'fast-check'
import type { Person } from '../../support/person.js'
import type { World } from '../../support/world.js'
import type { Device } from './device.js'

/** Six people who have to do with each other, and what they have made so far. */
export interface Stage {
  readonly world: World
  /** Two doctors, two patients, a staff member and a caregiver. */
  readonly people: readonly Person[]
  readonly devices: readonly Device[]
  readonly conversationIds: string[]
  readonly messages: { readonly id: string; readonly conversationId: string }[]
  readonly outcomes: Map<string, number>
}

const verbs = {
  send: 30,
  edit: 8,
  deleteForOneself: 5,
  deleteForEveryone: 5,
  markRead: 12,
  markDelivered: 8,
  open: 3,
  createGroup: 1,
  add: 6,
  remove: 4,
  setRole: 4,
  close: 2,
  reopen: 4,
  block: 3,
  unblock: 4,
  appointment: 3,
  deactivate: 1,
  dropConnection: 3,
} as const

export type Verb = keyof typeof verbs

export const verbNames = Object.keys(verbs) as Verb[]

/** Numbers choose among what there is when the operation runs. */
export const operations = fc.record({
  verb: fc.oneof(...verbNames.map((verb) => ({ weight: verbs[verb], arbitrary: fc.constant(verb) }))),
  who: fc.nat({ max: 5 }),
  whom: fc.nat({ max: 5 }),
  node: fc.nat({ max: 1 }),
  which: fc.nat(),
  other: fc.nat(),
})

export type Operation = typeof operations extends fc.Arbitrary<infer T> ? T : never

const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % list.length]

/** Does it, whatever comes of it: refusals are fine, and counted. */
export async function perform(stage: Stage, operation: Operation): Promise<void> {
  const { verb, who, whom, node } = operation
  const actor = stage.people[who]?.at(node)
  const other = stage.people[whom]
  if (!actor || !other) throw new Error('nobody to act')
  try {
    const outcome = await act(stage, operation, actor, other)
    count(stage, `${verb}: ${outcome}`)
  } catch (error) {
    if (!String(error).includes('UNAUTHENTICATED')) throw error
    count(stage, `${verb}: UNAUTHENTICATED`)
  }
}

function count(stage: Stage, outcome: string): void {
  stage.outcomes.set(outcome, (stage.outcomes.get(outcome) ?? 0) + 1)
}

async function act(
  { world, people, devices, conversationIds, messages }: Stage,
  { verb, which, other: number, who }: Operation,
  actor: Person,
  other: Person,
): Promise<string> {
  const conversationId = pick(conversationIds, which) ?? ''
  // Mostly something recent.
  const message = messages.at(-1 - (which % Math.min(messages.length, 20))) ?? { id: '', conversationId: '' }
  const reply = pick(messages.filter((each) => each.conversationId === conversationId).slice(-5), number)
  const run = async (name: string, input: Record<string, unknown>, selection?: string) => {
    const result = await actor.mutate(name, input, selection)
    return result.code ?? 'done'
  }
  switch (verb) {
    case 'send': {
      const more = {
        ...(reply && number % 3 === 0 ? { replyToId: reply.id } : {}),
        ...(reply && number % 4 === 0 ? { readUpToMessageId: reply.id } : {}),
      }
      const result = await actor.trySend(conversationId, `${verb} ${number}`, more)
      const sent = result.message
      if (typeof sent === 'object' && sent && 'id' in sent)
        messages.push({ id: String(sent.id), conversationId })
      return result.code ?? 'done'
    }
    case 'edit':
      return run('editMessage', { messageId: message.id, body: `edited ${number}` })
    case 'deleteForOneself':
      return run('deleteMessage', { messageId: message.id, scope: 'ME' })
    case 'deleteForEveryone':
      return run('deleteMessage', { messageId: message.id, scope: 'EVERYONE' })
    case 'markRead':
      return run('markRead', { conversationId: message.conversationId, upToMessageId: message.id })
    case 'markDelivered': {
      const device = devices.find(({ person }) => person.externalId === actor.externalId)
      return run('markDelivered', { upToCursor: device?.replica.cursor ?? '' })
    }
    case 'open': {
      const result = await actor.mutate('openConversation', { userId: other.id }, 'conversation { id }')
      const opened = result.conversation
      if (
        typeof opened === 'object' &&
        opened &&
        'id' in opened &&
        !conversationIds.includes(String(opened.id))
      )
        conversationIds.push(String(opened.id))
      return result.code ?? 'done'
    }
    case 'createGroup': {
      const participantIds = people.slice(3).map(({ id }) => id)
      const result = await actor.mutate(
        'createGroup',
        { title: `Group ${number}`, participantIds, patientId: people[3]?.id },
        'conversation { id }',
      )
      const created = result.conversation
      if (typeof created === 'object' && created && 'id' in created) conversationIds.push(String(created.id))
      return result.code ?? 'done'
    }
    case 'add':
      return run('addParticipants', { conversationId, userIds: [other.id] })
    case 'remove':
      return run('removeParticipant', { conversationId, userId: other.id })
    case 'setRole':
      return run('setParticipantRole', {
        conversationId,
        userId: other.id,
        role: number % 3 ? 'OWNER' : 'MEMBER',
      })
    case 'close':
      return run('closeConversation', { conversationId })
    case 'reopen':
      return run('reopenConversation', { conversationId })
    case 'block':
      return run('blockUser', { userId: other.id })
    case 'unblock':
      return run('unblockUser', { userId: other.id })
    case 'appointment': {
      const [doctor, patient] = [people[which % 2], people[2 + (number % 2)]]
      if (doctor && patient)
        await world.appointment(patient, doctor, number % 3 === 0 ? 'CANCELLED' : 'SCHEDULED')
      return 'done'
    }
    case 'deactivate':
      await actor.upsert({ isActive: false })
      await actor.upsert({ isActive: true })
      return 'done'
    case 'dropConnection':
      await devices[who * 2 + (number % 2)]?.drop()
      return 'done'
  }
}
