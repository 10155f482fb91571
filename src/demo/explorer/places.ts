import type { Services } from '../../features/context.js'
import { encodePlace } from '../../features/stream/cursor.js'
import { readHead } from '../../features/stream/rows.js'
import { globalId } from '../../graphql/global-ids.js'
import { demoDirectConversations } from '../dialogues.js'
import { demoPeople } from '../people.js'

/** What the tabs' variables name, as global ids; null for what is not there any more. */
export interface Places {
  /** Of dr-osman and amal, and the last two messages of its dialogue. */
  readonly conversationId: string | null
  readonly messageId: string | null
  readonly beforeLastId: string | null
  /** The beginning of amal's update stream. */
  readonly beginning: string | null
  /** amal's care team. */
  readonly groupId: string | null
  /** What was said there that is urgent. */
  readonly urgentId: string | null
  readonly patientId: string | null
  readonly doctorId: string | null
  readonly colleagueId: string | null
  readonly userId: string | null
  /** Two conversations of pieter's in which nobody can send: a closed one, and one whose appointment was cancelled. */
  readonly closedId: string | null
  readonly unrelatedId: string | null
}

/** Looks up what the demo's tabs name. The same for as long as the database is. */
export async function findPlaces(services: Services): Promise<Places> {
  const { db, cursors } = services
  const users = await db.read((client) =>
    client.user.findMany({
      where: { externalId: { in: demoPeople.map((person) => person.externalId) } },
      select: { id: true, externalId: true },
    }),
  )
  const idOf = (externalId: string) => users.find((user) => user.externalId === externalId)?.id ?? null
  const conversationOf = async (doctor: string, patient: string) => {
    const [doctorId, patientId] = [idOf(doctor), idOf(patient)]
    if (doctorId === null || patientId === null) return null
    return db.read((client) =>
      client.conversation.findFirst({ where: { kind: 'DIRECT', doctorId, patientId }, select: { id: true } }),
    )
  }
  const amal = idOf('amal')
  const direct = await conversationOf('dr-osman', 'amal')
  const said = (sequence: number) =>
    direct
      ? db.read((client) =>
          client.message.findFirst({
            where: { conversationId: direct.id, sequence },
            select: { id: true },
          }),
        )
      : null
  const last = dialogueLength('dr-osman', 'amal')
  const [message, beforeLast] = await Promise.all([said(last), said(last - 1)])
  const group =
    amal === null
      ? null
      : await db.read((client) =>
          client.conversation.findFirst({
            where: { kind: 'GROUP', patientId: amal },
            orderBy: { createdAt: 'asc' },
            select: { id: true },
          }),
        )
  const urgent = group
    ? await db.read((client) =>
        client.message.findFirst({
          where: { conversationId: group.id, priority: 'URGENT' },
          orderBy: { sequence: 'asc' },
          select: { id: true },
        }),
      )
    : null
  const user = (externalId: string) => globalIdOrNull('User', idOf(externalId))
  return {
    conversationId: globalIdOrNull('Conversation', direct?.id),
    messageId: globalIdOrNull('Message', message?.id),
    beforeLastId: globalIdOrNull('Message', beforeLast?.id),
    beginning: amal === null ? null : await beginningOf(services, amal),
    groupId: globalIdOrNull('Conversation', group?.id),
    urgentId: globalIdOrNull('Message', urgent?.id),
    patientId: user('amal'),
    doctorId: user('dr-osman'),
    colleagueId: user('tomasz'),
    userId: user('yusuf'),
    closedId: globalIdOrNull('Conversation', (await conversationOf('dr-lindqvist', 'pieter'))?.id),
    unrelatedId: globalIdOrNull('Conversation', (await conversationOf('dr-novak', 'pieter'))?.id),
  }

  async function beginningOf(services: Services, userId: string): Promise<string> {
    const { epoch } = await readHead(services.db, userId)
    return encodePlace(cursors, userId, { epoch, position: 0, at: new Date(0) })
  }
}

function globalIdOrNull(type: 'User' | 'Conversation' | 'Message', id: string | null | undefined) {
  return id === null || id === undefined ? null : globalId(type, id)
}

function dialogueLength(doctor: string, patient: string): number {
  const dialogue = demoDirectConversations.find((each) => each.doctor === doctor && each.patient === patient)
  return dialogue?.turns.length ?? 0
}
