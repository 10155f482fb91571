import { randomUUID } from 'node:crypto'
import { bodyPlace } from '../src/features/messages/body.js'
import { SendLanes } from '../src/features/messages/send-lanes.js'
import { Hints } from '../src/features/stream/hints.js'
import { globalId, parseGlobalId } from '../src/graphql/global-ids.js'
import { fileKeyring } from '../src/platform/crypto/keyring.js'
import { Vault } from '../src/platform/crypto/vault.js'
import { Database } from '../src/platform/db/database.js'
import { keyStore } from '../src/platform/db/key-store.js'
import { newId } from '../src/platform/ids.js'
import { createLog } from '../src/platform/log.js'
import { Metrics } from '../src/platform/metrics/metrics.js'
import type { Ground } from './ground.js'
import { conversationOf, placeKey, type Shape } from './history.js'
import { bodyOf } from './line.js'
import type { CarePair } from './parley/people.js'
import { keyringId, keyringKey } from './servers.js'

/** Messages under way at once: enough that every batch is full. */
const underWay = 512

const rowIdOf = (id: string): string => {
  const parsed = parseGlobalId(id)
  if (!parsed) throw new Error('no global id')
  return parsed.id
}

/**
 * Fills the conversations through the program's own functions, from this process: each body sealed, each message sent by
 * the send function in the program's own batches. Only what a request costs is left out. Both people send, in turns.
 * Answers the ids of the messages whose keys are wanted.
 */
export async function fillHistory(
  ground: Ground,
  shape: Shape,
  pairs: readonly CarePair[],
  wanted: ReadonlySet<string>,
): Promise<Map<string, string>> {
  await using db = new Database(ground.parleyDatabase, createLog({ level: 'warn' }))
  const vault = await Vault.open(fileKeyring(keyringId, new Map([[keyringId, keyringKey]])), keyStore(db))
  // Nobody listens: the server’s sweep would find what its people are to be told.
  const hints = new Hints({ publish: () => {}, subscribe: () => {} })
  const lanes = new SendLanes(db, hints, false, new Metrics())
  const rooms = pairs.map(({ conversationId, userIds }) => ({
    conversationId: rowIdOf(conversationId),
    senderIds: userIds.map(rowIdOf),
    said: 0,
  }))
  const ids = new Map<string, string>()
  let next = 0
  const say = async (): Promise<void> => {
    while (next < shape.messages) {
      const conversation = conversationOf(shape, next)
      next += 1
      if (next % 100_000 === 0) console.error(`history: ${next} of ${shape.messages} messages`)
      const room = rooms[conversation]
      const senderId = room?.senderIds[room.said % 2]
      if (!room || senderId === undefined) throw new Error(`no conversation ${conversation}`)
      room.said += 1
      const { conversationId } = room
      const id = newId()
      const bodySealed = await vault.seal(bodyPlace({ id, conversationId }, 0), bodyOf(room.said))
      const answer = await lanes.send({
        id,
        conversationId,
        senderId,
        clientMessageId: randomUUID(),
        bodySealed,
        replyToId: null,
        readUpToId: null,
        mentionIds: [],
        priority: 'ROUTINE',
        sentAt: null,
        requestId: 'bench',
        address: null,
      })
      if (answer.outcome !== 'SENT') throw new Error(`a message was not sent: ${answer.outcome}`)
      const key = placeKey(conversation, answer.sequence)
      if (wanted.has(key)) ids.set(key, globalId('Message', id))
    }
  }
  await Promise.all(Array.from({ length: underWay }, say))
  return ids
}
