/** The shapes of the demo data. People are named by their external id throughout. */

export type DemoRole = 'PATIENT' | 'DOCTOR' | 'STAFF' | 'CAREGIVER' | 'ADMIN' | 'AUDITOR' | 'SERVICE'

export interface DemoPerson {
  externalId: string
  displayName: string
  role: DemoRole
  specialty?: string
  qualification?: string
  designation?: string
  email?: string
}

export interface DemoAppointment {
  externalId: string
  patient: string
  doctor: string
  status: 'SCHEDULED' | 'COMPLETED' | 'CANCELLED'
  /** Negative is in the past. */
  daysFromNow: number
}

export interface DemoTurn {
  from: string
  text: string
  /** Minutes after the turn before (the first: after the start of the conversation). */
  minutesLater: number
  /** Index of an earlier turn. */
  replyTo?: number
  /** The text that the sender put in place of `text`. */
  edit?: string
  deletedForEveryone?: true
  mentions?: string[]
  /** URGENT, and by whom it was acknowledged, in that order. */
  urgent?: { acknowledgedBy: string[] }
  reactions?: { from: string; emoji: string }[]
  pinnedBy?: string
}

export interface DemoDirectConversation {
  doctor: string
  patient: string
  startedDaysAgo: number
  turns: DemoTurn[]
  /** Who has not read the last so many turns, all by the other; everybody else has read everything. */
  unreadFor?: { externalId: string; turns: number }
  /** Closed after the last turn. */
  closed?: { closedBy: string; reason: string }
}

export interface DemoGroup {
  title: string
  owner: string
  patient?: string
  /** Everybody who is in from the start, the patient too, but not the owner. */
  members: string[]
  startedDaysAgo: number
  turns: DemoTurn[]
  /** Added by the owner after the turn with this index. */
  joins?: { externalId: string; afterTurn: number }
  /** Leaves of their own accord after the turn with this index. */
  left?: { externalId: string; afterTurn: number }
}
