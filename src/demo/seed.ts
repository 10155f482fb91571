import { randomUUID } from 'node:crypto'
import { upsertAppointment } from '../features/care/upsert-appointment.js'
import type { Services, VerbContext } from '../features/context.js'
import { addParticipants } from '../features/conversations/add-participants.js'
import { closeConversation } from '../features/conversations/close.js'
import { createGroup } from '../features/conversations/create-group.js'
import { openDirectConversation } from '../features/conversations/open-direct.js'
import { removeParticipant } from '../features/conversations/remove-participant.js'
import { deleteForEveryone } from '../features/messages/delete.js'
import { editMessage } from '../features/messages/edit.js'
import { sendMessage } from '../features/messages/send.js'
import { Directory } from '../features/people/directory.js'
import { upsertUser } from '../features/people/upsert.js'
import { pinMessage } from '../features/pins/pin.js'
import { addReaction } from '../features/reactions/react.js'
import { markRead } from '../features/receipts/mark-read.js'
import { acknowledgeMessage } from '../features/urgent/acknowledge.js'
import { demoAppointments } from './appointments.js'
import { demoDirectConversations, demoGroups } from './dialogues.js'
import { demoPeople } from './people.js'
import type { DemoAppointment, DemoDirectConversation, DemoGroup, DemoTurn } from './types.js'

const minute = 60_000
const day = 24 * 60 * minute

type As = (externalId: string) => VerbContext

/** Fills an empty database with the demo, through the verbs themselves. Where anybody is already, it does nothing. */
export async function seedDemo(services: Services): Promise<void> {
  if ((await services.db.read((client) => client.user.count())) > 0) return
  const as = await makePeople(services)
  const platform = as('platform')
  for (const appointment of demoAppointments)
    await upsertAppointment(platform, appointmentInput(appointment, 'SCHEDULED'))
  for (const conversation of demoDirectConversations) await playDirect(as, conversation)
  for (const group of demoGroups) await playGroup(as, group)
  for (const appointment of demoAppointments)
    await upsertAppointment(platform, appointmentInput(appointment, appointment.status))
  // What was read days ago is no news: the first who comes in would hear of it a second later.
  await services.db.query('forget-demo-receipts', 'DELETE FROM pending_receipts', [])
}

async function makePeople(services: Services): Promise<As> {
  const directory = new Directory(services.db)
  const contexts = new Map<string, VerbContext>()
  const contextOf = async (externalId: string, role: 'ADMIN' | null) => {
    const viewer = role
      ? await directory.provision(externalId, role, externalId)
      : await directory.find(externalId)
    if (!viewer) throw new Error(`nobody is called ${externalId}`)
    return { ...services, viewer, requestId: 'seed', address: null, ticket: null, deviceId: 'seed' }
  }
  const admin = demoPeople.find((person) => person.role === 'ADMIN')
  if (!admin) throw new Error('the demo has no administrator')
  const keeper = await contextOf(admin.externalId, 'ADMIN')
  for (const person of demoPeople) {
    await upsertUser(keeper, person)
    contexts.set(person.externalId, await contextOf(person.externalId, null))
  }
  return (externalId) => {
    const context = contexts.get(externalId)
    if (!context) throw new Error(`the demo has nobody called ${externalId}`)
    return context
  }
}

function appointmentInput(
  { externalId, patient, doctor, daysFromNow }: DemoAppointment,
  status: DemoAppointment['status'],
) {
  const startsAt = new Date(Math.round((Date.now() + daysFromNow * day) / (15 * minute)) * 15 * minute)
  return { externalId, patientExternalId: patient, doctorExternalId: doctor, status, startsAt }
}

async function playDirect(as: As, script: DemoDirectConversation): Promise<void> {
  const { conversationId } = await openDirectConversation(as(script.doctor), {
    externalUserId: script.patient,
  })
  const said = await say(as, conversationId, script.turns, script.startedDaysAgo, async () => {})
  await readAll(as, conversationId, said, [script.doctor, script.patient], script.unreadFor)
  if (script.closed) await closeConversation(as(script.closed.closedBy), conversationId, script.closed.reason)
}

async function playGroup(as: As, script: DemoGroup): Promise<void> {
  const idOf = (externalId: string) => as(externalId).viewer.id
  const owner = as(script.owner)
  const conversationId = await createGroup(owner, {
    title: script.title,
    participantIds: script.members.map(idOf),
    patientId: script.patient === undefined ? null : idOf(script.patient),
  })
  const said = await say(as, conversationId, script.turns, script.startedDaysAgo, async (index) => {
    if (script.joins?.afterTurn === index)
      await addParticipants(owner, conversationId, [idOf(script.joins.externalId)])
    if (script.left?.afterTurn === index)
      await removeParticipant(as(script.left.externalId), conversationId, idOf(script.left.externalId))
  })
  const gone = new Set([script.left?.externalId, script.joins?.externalId])
  await readAll(
    as,
    conversationId,
    said,
    [script.owner, ...script.members.filter((member) => !gone.has(member))],
    undefined,
  )
}

/** Says the turns at their times; the last one was said a while ago at the latest. Returns the messages' ids. */
async function say(
  as: As,
  conversationId: string,
  turns: readonly DemoTurn[],
  startedDaysAgo: number,
  afterTurn: (index: number) => Promise<void>,
): Promise<string[]> {
  const ids: string[] = []
  let at = Date.now() - startedDaysAgo * day
  for (const [index, turn] of turns.entries()) {
    at += turn.minutesLater * minute
    const replyToId = turn.replyTo === undefined ? null : ids[turn.replyTo]
    const { message } = await sendMessage(as(turn.from), {
      conversationId,
      clientMessageId: randomUUID(),
      body: turn.text,
      replyToId,
      mentionIds: turn.mentions?.map((externalId) => as(externalId).viewer.id),
      priority: turn.urgent ? 'URGENT' : 'ROUTINE',
      sentAt: new Date(Math.min(at, Date.now())),
    })
    ids.push(message.id)
    await afterTurn(index)
  }
  for (const [index, turn] of turns.entries()) {
    const id = ids[index]
    if (id === undefined) continue
    if (turn.edit !== undefined) await editOld(as(turn.from), id, turn.edit)
    for (const { from, emoji } of turn.reactions ?? []) await addReaction(as(from), id, emoji)
    for (const from of turn.urgent?.acknowledgedBy ?? []) await acknowledgeMessage(as(from), id)
    if (turn.pinnedBy !== undefined) await pinMessage(as(turn.pinnedBy), id)
    if (turn.deletedForEveryone) await deleteForEveryone(as(turn.from), id)
  }
  return ids
}

/** What was said days ago was edited days ago: the window is measured from when it was said. */
async function editOld(ctx: VerbContext, messageId: string, body: string): Promise<void> {
  const config = { ...ctx.config, editWindowSeconds: Number.MAX_SAFE_INTEGER / 1e6 }
  await editMessage({ ...ctx, config }, messageId, body)
}

async function readAll(
  as: As,
  conversationId: string,
  messageIds: readonly string[],
  people: readonly string[],
  unreadFor: { externalId: string; turns: number } | undefined,
): Promise<void> {
  for (const person of people) {
    const unread = unreadFor?.externalId === person ? unreadFor.turns : 0
    const last = messageIds[messageIds.length - 1 - unread]
    if (last !== undefined) await markRead(as(person), conversationId, last)
  }
}
