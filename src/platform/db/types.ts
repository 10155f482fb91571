/** The types of the Prisma client; its value stays in this folder. */

export type {
  Appointment,
  AppointmentStatus,
  Availability,
  ConversationKind,
  MessageKind,
  MessagePriority,
  ParticipantRole,
  PrismaClient,
  SystemEventKind,
  UpdateKind,
  User,
  UserRole,
} from '../../generated/prisma/client.js'
export { Prisma } from '../../generated/prisma/client.js'
