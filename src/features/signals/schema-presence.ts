import { builder } from '../../graphql/builder.js'
import { assertAtMost } from '../../graphql/connections.js'
import type { GraphContext } from '../../graphql/context.js'
import { globalId, rowIdOrNull } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { UserRef } from '../../graphql/refs.js'
import { presentUser } from '../people/read.js'
import { away, type Presence, presencesOf } from './presence.js'
import { deliver, primeUsers } from './schema-deliver.js'
import { setAvailability } from './set-availability.js'
import type { SignalEvent } from './signal-stream.js'
import { watchPresence } from './watch-presence.js'

const mostPeople = 100

export const AvailabilityRef = builder.enumType('Availability', {
  description: 'How somebody shows themselves while they are connected.',
  values: {
    AVAILABLE: { description: 'There, and open to messages.' },
    BUSY: { description: 'There, but occupied.' },
    AWAY: { description: 'Not at hand; so is everybody who is offline.' },
    INVISIBLE: {
      description:
        'Looks to everybody else like being offline, and only to its owner like this. Read receipts still betray somebody who reads.',
    },
  },
})

/** How the viewer may see each of these people; null: not at all. */
function presencesFor(ctx: GraphContext, userIds: readonly string[]): Promise<(Presence | null)[]> {
  return presencesOf(
    ctx,
    userIds.map((userId) => ({ viewerId: ctx.viewer.id, userId })),
  )
}

const PresenceRef = builder.objectRef<Presence>('Presence').implement({
  description: 'Whether somebody is there, merged over all of their devices, as the viewer may see it.',
  fields: (t) => ({
    userId: t.id({
      description: 'The global id of the User.',
      resolve: ({ userId }) => globalId('User', userId),
    }),
    user: t.field({
      type: UserRef,
      description: 'Whose it is.',
      resolve: ({ userId }, _, ctx) => ctx.loaders.load(presentUser, userId),
    }),
    isOnline: t.exposeBoolean('isOnline', {
      description: 'Whether any of their devices is connected by socket or SSE. False while INVISIBLE.',
    }),
    availability: t.expose('availability', {
      type: AvailabilityRef,
      description: 'AWAY for everybody who is offline; INVISIBLE is shown to its owner alone.',
    }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When they were last connected, to about a minute. Null while they are online, and when it is not known. Stands still from the moment of going INVISIBLE.',
    }),
  }),
})

builder.objectField(UserRef, 'presence', (t) =>
  t.field({
    type: PresenceRef,
    nullable: true,
    description:
      'Whether they are there. Null unless the two share a conversation as current participants or a care relationship, and where this person does not share it or has blocked the viewer.',
    resolve: (user, _, ctx) => ctx.loaders.load(presencesFor, user.id),
  }),
)

/** The row ids of these people, each once; other ids are nobody's. INVALID_INPUT for too many. */
function peopleOf(userIds: readonly string[]): string[] {
  assertAtMost(userIds.length, mostPeople, 'userIds')
  return [...new Set(userIds.flatMap((id) => rowIdOrNull('User', id) ?? []))]
}

const peopleArgument = {
  required: true,
  description: `Ids of Users, at most ${mostPeople}: INVALID_INPUT beyond. Whom the viewer may not see, and whose presence is not for them, is left out.`,
} as const

builder.queryField('presence', (t) =>
  t.field({
    type: [PresenceRef],
    nullable: true,
    description: 'Who of these people is there, in the order asked. Null with INVALID_INPUT for too many.',
    args: { userIds: t.arg.idList(peopleArgument) },
    resolve: async (_, { userIds }, ctx) => {
      const asked = peopleOf(userIds)
      const found = await Promise.all(asked.map((id) => ctx.loaders.load(presencesFor, id)))
      return found.filter((presence) => presence !== null)
    },
  }),
)

builder.subscriptionField('presence', (t) =>
  t.field({
    type: PresenceRef,
    description:
      'Who of these people is there: the present state of each first, then every change. A signal, and no record: it is asked at every event whether the viewer may still see it; whoever may no longer be seen comes once more, offline without a time. INVALID_INPUT for too many people.',
    args: { userIds: t.arg.idList(peopleArgument) },
    subscribe: async (_, { userIds }, ctx) =>
      deliver(ctx, watchPresence(ctx, peopleOf(userIds)), ({ userId }) => primeUsers(ctx, [userId])),
    resolve: (event: SignalEvent<Presence>) => {
      if (event.kind === 'failed') throw event.error
      return event.signal
    },
  }),
)

addMutation('setAvailability', {
  description:
    'How the viewer shows themselves while connected, on all devices, until it is changed. Other devices are told by ViewerChanged.',
  input: builder.inputType('SetAvailabilityInput', {
    description: 'What to show.',
    fields: (t) => ({
      availability: t.field({
        type: AvailabilityRef,
        required: true,
        description: 'INVISIBLE freezes `lastSeenAt` and hides typing.',
      }),
    }),
  }),
  payload: builder.objectRef<{ presence: Presence }>('SetAvailabilityPayload').implement({
    description: 'It is shown from now on.',
    fields: (t) => ({
      presence: t.expose('presence', {
        type: PresenceRef,
        description: 'The viewer’s own, as they see it: AWAY while none of their devices is connected.',
      }),
    }),
  }),
  errors: ['RateLimitedError'],
  resolve: async ({ availability }, ctx) => {
    await setAvailability(ctx, availability)
    const [presence] = await presencesFor(ctx, [ctx.viewer.id])
    return { presence: presence ?? away(ctx.viewer.id) }
  },
})
