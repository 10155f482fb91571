import { InvalidInputError } from '../../errors.js'
import { builder } from '../../graphql/builder.js'
import { rowId } from '../../graphql/global-ids.js'
import { addMutation } from '../../graphql/mutations.js'
import { MessageRef, UserRef } from '../../graphql/refs.js'
import { messagesById } from '../messages/read.js'
import { presentUser } from '../people/read.js'
import { addReaction, mostKinds, removeReaction } from './react.js'
import { ownReactionsOf, type ReactionRow, reactionsOf, reactorsOf, reactorsShown } from './read.js'

const mostUsers = 256

const ReactionGroupRef = builder.objectRef<ReactionRow>('ReactionGroup').implement({
  description: 'One emoji on a message, and who put it there.',
  fields: (t) => ({
    emoji: t.exposeString('emoji', {
      description: 'In its fully qualified form, whatever was sent: ❤ and ❤️ are one.',
    }),
    count: t.exposeInt('count', { description: 'How many people put it there.' }),
    users: t.field({
      type: [UserRef],
      description: 'Who did, the first ones first; also people who have left since.',
      args: {
        first: t.arg.int({
          defaultValue: reactorsShown,
          description: `How many, 1 to ${mostUsers}. INVALID_INPUT otherwise.`,
        }),
      },
      resolve: async ({ messageId, emoji, firstUserIds }, args, ctx) => {
        const first = args.first ?? reactorsShown
        if (first < 1 || first > mostUsers) throw InvalidInputError.at('first', `Ask for 1 to ${mostUsers}.`)
        const userIds =
          first <= reactorsShown
            ? firstUserIds.slice(0, first)
            : await ctx.loaders.load(reactorsOf, { messageId, emoji, first })
        return Promise.all(userIds.map((userId) => ctx.loaders.load(presentUser, userId)))
      },
    }),
    viewerHasReacted: t.boolean({
      description: 'Whether the viewer is one of them.',
      resolve: async ({ messageId, emoji }, _, ctx) =>
        (await ctx.loaders.load(ownReactionsOf, messageId)).includes(emoji),
    }),
  }),
})

builder.objectField(MessageRef, 'reactions', (t) =>
  t.field({
    type: [ReactionGroupRef],
    description: `What people put on it, the emoji that came first first; at most ${mostKinds} kinds. Empty for a tombstone.`,
    resolve: ({ id, reactionCount, deletedAt }, _, ctx) =>
      reactionCount === 0 || deletedAt !== null ? [] : ctx.loaders.load(reactionsOf, id),
  }),
)

const reactionInput = (name: string, description: string) =>
  builder.inputType(name, {
    description,
    fields: (t) => ({
      messageId: t.id({ required: true, description: 'A Message’s id; not of a SYSTEM message.' }),
      emoji: t.string({
        required: true,
        description:
          'One emoji of Unicode’s RGI set, with or without variation selectors. Anything else is INVALID_INPUT.',
      }),
    }),
  })

const reactionPayload = (name: string, description: string) =>
  builder.objectRef<{ messageId: string }>(name).implement({
    description,
    fields: (t) => ({
      message: t.field({
        type: MessageRef,
        description: 'The message with its reactions, as of now.',
        resolve: ({ messageId }, _, ctx) => ctx.loaders.present(messagesById, messageId),
      }),
    }),
  })

addMutation('addReaction', {
  description: `Puts an emoji on a message; the same one again changes nothing. Current participants of an open conversation; on a tombstone FORBIDDEN, and a kind beyond ${mostKinds} INVALID_INPUT.`,
  input: reactionInput('AddReactionInput', 'What to put where.'),
  payload: reactionPayload('AddReactionPayload', 'The emoji is there.'),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    await addReaction(ctx, messageId, input.emoji)
    return { messageId }
  },
})

addMutation('removeReaction', {
  description:
    'Takes the viewer’s emoji off a message; one that is not there is a success. Current participants of an open conversation.',
  input: reactionInput('RemoveReactionInput', 'What to take off where.'),
  payload: reactionPayload('RemoveReactionPayload', 'The emoji is gone.'),
  errors: ['NotFoundError', 'ForbiddenError', 'InvalidInputError'],
  resolve: async (input, ctx) => {
    const messageId = rowId('Message', input.messageId)
    await removeReaction(ctx, messageId, input.emoji)
    return { messageId }
  },
})
