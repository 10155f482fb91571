import type { BoundedMap } from '../../platform/bounded-map.js'
import type { UpsertUserInput } from '../people/upsert.js'
import { importAppointments } from './appointments.js'
import type { ImportContext } from './context.js'
import { findConversations, importConversations } from './conversations.js'
import { importMessages } from './messages.js'
import { findPeople, importPeople } from './people.js'
import {
  type ImportedAppointment,
  type ImportedConversation,
  type ImportedMessage,
  type ImportRecord,
  type Line,
  Named,
  type Verdict,
} from './records.js'

/**
 * Imports a batch of lines, in rising order: its people first, then appointments, conversations, messages, each kind in a
 * transaction or a few. Where one is cut off between two of them, the next run of the same file finds what is there.
 */
export async function importBatch(
  ctx: ImportContext,
  lines: readonly Line<ImportRecord>[],
): Promise<Map<number, Verdict>> {
  const people: Line<UpsertUserInput>[] = []
  const appointments: Line<ImportedAppointment>[] = []
  const conversations: Line<ImportedConversation>[] = []
  const messages: Line<ImportedMessage>[] = []
  for (const { line, record } of lines) {
    if (record.type === 'person') people.push({ line, record: record.person })
    else if (record.type === 'appointment') appointments.push({ line, record: record.appointment })
    else if (record.type === 'conversation') conversations.push({ line, record: record.conversation })
    else messages.push({ line, record: record.message })
  }
  const verdicts = new Map<number, Verdict>()
  const note = (of: readonly Line<unknown>[], given: readonly Verdict[]) =>
    of.forEach(({ line }, index) => {
      const verdict = given[index]
      if (verdict) verdicts.set(line, verdict)
    })

  if (people.length > 0) note(people, await importPeople(ctx, people))
  const madePeople = madeIn(people, verdicts)
  const named = new Named(await findPeople(ctx.db, peopleNamedIn(appointments, conversations)), madePeople)
  if (appointments.length > 0) note(appointments, await importAppointments(ctx, appointments, named))
  if (conversations.length > 0) note(conversations, await importConversations(ctx, conversations, named))
  if (messages.length > 0) {
    const records = messages.map(({ record }) => record)
    const senders = await remembering(
      ctx.known.people,
      records.map((one) => one.senderExternalId),
      (missing) => findPeople(ctx.db, missing),
    )
    const ids = await remembering(
      ctx.known.conversations,
      records.map((one) => one.conversationExternalId),
      (missing) => findConversations(ctx.db, missing),
    )
    const found = [
      new Named(senders, madePeople),
      new Named(ids, acceptedIn(conversations, verdicts)),
    ] as const
    note(messages, await importMessages(ctx, messages, ...found))
  }
  return verdicts
}

function peopleNamedIn(
  appointments: readonly Line<ImportedAppointment>[],
  conversations: readonly Line<ImportedConversation>[],
): string[] {
  return [
    ...appointments.flatMap(({ record }) => [record.patientExternalId, record.doctorExternalId]),
    ...conversations.flatMap(({ record }) =>
      record.kind === 'DIRECT'
        ? [record.patientExternalId, record.doctorExternalId]
        : [record.ownerExternalId, record.patientExternalId ?? [], record.participantExternalIds].flat(),
    ),
  ]
}

/** What these names stand for, asking only for those that are not remembered. */
async function remembering<T>(
  memory: BoundedMap<string, T>,
  names: readonly string[],
  find: (missing: readonly string[]) => Promise<ReadonlyMap<string, T>>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>()
  const missing = new Set<string>()
  for (const name of new Set(names)) {
    const remembered = memory.get(name)
    if (remembered === undefined) missing.add(name)
    else found.set(name, remembered)
  }
  if (missing.size === 0) return found
  for (const [name, value] of await find([...missing])) {
    memory.set(name, value)
    found.set(name, value)
  }
  return found
}

function madeIn(
  people: readonly Line<UpsertUserInput>[],
  verdicts: ReadonlyMap<number, Verdict>,
): Map<string, number> {
  const made = people.filter(({ line }) => verdicts.get(line)?.outcome === 'ADDED')
  return new Map(made.map(({ line, record }) => [record.externalId, line]))
}

/** A conversation may be named from the line on that names it, also where it was there before. */
function acceptedIn(
  conversations: readonly Line<ImportedConversation>[],
  verdicts: ReadonlyMap<number, Verdict>,
): Map<string, number> {
  const accepted = conversations.filter(({ line }) => verdicts.get(line)?.outcome !== 'REFUSED')
  return new Map(accepted.map(({ line, record }) => [record.externalId, line]))
}
