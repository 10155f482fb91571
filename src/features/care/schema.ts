import { builder } from '../../graphql/builder.js'
import { globalId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { NodeRef, registerNode } from '../../graphql/nodes.js'
import { UserRef } from '../../graphql/refs.js'
import type { Appointment } from '../../platform/db/types.js'
import { presentUser } from '../people/read.js'
import { appointmentsById, visibleAppointmentsById } from './read.js'
import { upsertAppointment } from './upsert-appointment.js'

const AppointmentStatusRef = builder.enumType('AppointmentStatus', {
  description: 'Where an appointment stands.',
  values: {
    SCHEDULED: { description: 'It is to come. Lets the two write to each other.' },
    COMPLETED: { description: 'It took place. Still lets the two write to each other.' },
    CANCELLED: { description: 'It does not count. The two still see each other.' },
  },
})

const AppointmentRef = builder.objectRef<Appointment>('Appointment').implement({
  description: 'A meeting of a patient and a doctor, as the platform keeps it: their care relationship.',
  interfaces: [NodeRef],
  fields: (t) => ({
    id: t.id({
      description: 'Global id.',
      resolve: (appointment) => globalId('Appointment', appointment.id),
    }),
    externalId: t.exposeString('externalId', { description: 'The platform’s own id of it.' }),
    patient: t.field({
      type: UserRef,
      description: 'Whose care it is.',
      resolve: ({ patientId }, _, ctx) => ctx.loaders.load(presentUser, patientId),
    }),
    doctor: t.field({
      type: UserRef,
      description: 'Who sees them.',
      resolve: ({ doctorId }, _, ctx) => ctx.loaders.load(presentUser, doctorId),
    }),
    status: t.expose('status', { type: AppointmentStatusRef, description: 'Where it stands.' }),
    startsAt: t.expose('startsAt', { type: 'DateTime', description: 'When it begins.' }),
  }),
})

registerNode('Appointment', (ctx, id) => ctx.loaders.load(visibleAppointmentsById, id))

addMutation('upsertAppointment', {
  description:
    'Creates or changes an appointment by the platform’s id. SERVICE and ADMIN; everybody else is FORBIDDEN whatever the input. Whoever may now send to the other, or no longer, gets a ConversationChanged.',
  input: builder.inputType('UpsertAppointmentInput', {
    description: 'An appointment as the platform knows it.',
    fields: (t) => ({
      externalId: t.string({ required: true, description: 'The platform’s own id; 1 to 200 characters.' }),
      patientExternalId: t.string({
        required: true,
        description: 'A PATIENT’s externalId; nobody’s is NOT_FOUND.',
      }),
      doctorExternalId: t.string({
        required: true,
        description: 'A DOCTOR’s externalId; nobody’s is NOT_FOUND.',
      }),
      status: t.field({ type: AppointmentStatusRef, required: true, description: 'Where it stands.' }),
      startsAt: t.field({ type: 'DateTime', required: true, description: 'When it begins.' }),
    }),
  }),
  payload: builder
    .objectRef<{ appointmentId: string; created: boolean }>('UpsertAppointmentPayload')
    .implement({
      description: 'The appointment is in step.',
      fields: (t) => ({
        appointment: t.field({
          type: AppointmentRef,
          description: 'The appointment, as of now.',
          resolve: async ({ appointmentId }, _, ctx) => {
            const appointment = await ctx.loaders.load(appointmentsById, appointmentId)
            if (!appointment) throw new Error('an appointment that was just saved is gone')
            return appointment
          },
        }),
        created: t.exposeBoolean('created', { description: 'Whether it is new.' }),
      }),
    }),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: (input, ctx) => upsertAppointment(ctx, input),
})
