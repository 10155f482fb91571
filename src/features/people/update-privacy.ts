import { InvalidInputError } from '../../errors.js'
import { write } from '../audit/write.js'
import type { VerbContext } from '../context.js'
import { appendUpdates } from '../stream/append.js'

const settings = ['sendReadReceipts', 'sendTyping', 'sharePresence'] as const

/** What others are to be told of the viewer; what is omitted stays. */
export type PrivacyInput = { readonly [Setting in (typeof settings)[number]]?: boolean | null | undefined }

/**
 * Changes what others are told from now on; receipts that were sent stay sent. Whoever stops showing that they type or are
 * there is no longer shown at once. Throws InvalidInputError for null, which can clear nothing here.
 */
export async function updatePrivacy(ctx: VerbContext, input: PrivacyInput): Promise<void> {
  const nulls = settings.filter((setting) => input[setting] === null)
  if (nulls.length > 0) {
    throw new InvalidInputError(
      nulls.map((setting) => ({ path: [setting], detail: 'This is on or off, and never nothing.' })),
    )
  }
  const userId = ctx.viewer.id
  const subject = { action: 'user.update_privacy', subjectType: 'User', subjectId: userId } as const
  let changed: readonly string[] = []
  await write(ctx, { ...subject, conversationIds: [], userIds: [userId] }, async (tx) => {
    const before = await tx.user.findUniqueOrThrow({ where: { id: userId } })
    const wanted = settings.filter(
      (setting) => input[setting] !== undefined && input[setting] !== before[setting],
    )
    changed = wanted
    if (wanted.length === 0) return null
    await tx.user.update({
      where: { id: userId },
      data: {
        sendReadReceipts: input.sendReadReceipts ?? undefined,
        sendTyping: input.sendTyping ?? undefined,
        sharePresence: input.sharePresence ?? undefined,
      },
    })
    await appendUpdates(tx, [userId], { kind: 'VIEWER_CHANGED', actorId: userId })
    return {}
  })
  if (changed.includes('sendTyping')) ctx.typing.end({ conversationId: null, userId, deviceId: null })
  if (changed.includes('sharePresence')) ctx.presence.announce([userId])
}
