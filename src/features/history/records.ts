import type { AppointmentStatus } from '../../platform/db/types.js'
import type { UpsertUserInput } from '../people/upsert.js'

/** An appointment as the former system knew it. */
export interface ImportedAppointment {
  readonly externalId: string
  readonly patientExternalId: string
  readonly doctorExternalId: string
  readonly status: AppointmentStatus
  readonly startsAt: Date
}

interface ConversationFacts {
  /** By which the messages of the same file name it; a group is found again by it in a later run. */
  readonly externalId: string
  /** When it began; undefined: now. */
  readonly createdAt?: Date | undefined
}

export interface ImportedDirect extends ConversationFacts {
  readonly kind: 'DIRECT'
  readonly patientExternalId: string
  readonly doctorExternalId: string
}

export interface ImportedGroup extends ConversationFacts {
  readonly kind: 'GROUP'
  readonly title: string
  /** A doctor. */
  readonly ownerExternalId: string
  /** Whom it is about; that person takes part only if named among the participants. */
  readonly patientExternalId?: string | null | undefined
  readonly participantExternalIds: readonly string[]
}

export interface ImportedMessage {
  readonly conversationExternalId: string
  readonly senderExternalId: string
  readonly clientMessageId: string
  readonly sentAt: Date
  readonly body: string
}

export type ImportedConversation = ImportedDirect | ImportedGroup

export type ImportRecord =
  | { readonly type: 'person'; readonly person: UpsertUserInput }
  | { readonly type: 'appointment'; readonly appointment: ImportedAppointment }
  | { readonly type: 'conversation'; readonly conversation: ImportedConversation }
  | { readonly type: 'message'; readonly message: ImportedMessage }

/** Something to import, and its place in the file: whatever it names must have come before. */
export interface Line<T> {
  readonly line: number
  readonly record: T
}

/**
 * What became of a line. KNOWN: it was there already, and nothing was done; with `why` where it differs from the line.
 * No `why` repeats anything of the line.
 */
export type Verdict =
  | { readonly outcome: 'ADDED' }
  | { readonly outcome: 'KNOWN'; readonly why?: string }
  | { readonly outcome: 'REFUSED'; readonly why: string }

export const added: Verdict = { outcome: 'ADDED' }
export const known: Verdict = { outcome: 'KNOWN' }
export const refused = (why: string): Verdict => ({ outcome: 'REFUSED', why })

/** What lines may name: what was there before, and what earlier lines have made. */
export class Named<T> {
  constructor(
    private readonly found: ReadonlyMap<string, T>,
    /** Of what this batch itself has made: the line that made it. */
    private readonly madeAt: ReadonlyMap<string, number>,
  ) {}

  /** Undefined: nobody and nothing of that name, or only made by a later line. */
  at(externalId: string, line: number): T | undefined {
    return (this.madeAt.get(externalId) ?? 0) > line ? undefined : this.found.get(externalId)
  }
}
