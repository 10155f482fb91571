import { randomUUID } from 'node:crypto'
import { dig, excerpt, number, text } from '../json.js'
import { bodyOf, keyOf, type Line, type Listener } from '../line.js'
import { sendDocument, updatesDocument } from './documents.js'
import { GraphqlSocket } from './socket.js'

/** A person's socket that follows their update stream, and sends into one conversation. */
export async function openParleyLine(
  url: string,
  token: string,
  conversationId: string,
  listener: Listener,
): Promise<Line> {
  const socket = await GraphqlSocket.open(url, token)
  const message = (body: string, sequence: number): void => listener.arrived(keyOf(body), sequence)
  await new Promise<void>((live) => {
    socket.subscribe(
      updatesDocument,
      {},
      {
        next: (data) => {
          const change = dig(data, 'updates', 'change')
          const kind = dig(change, '__typename')
          if (kind === 'MessageSent')
            message(text(change, 'message', 'body'), number(change, 'message', 'sequence'))
          else if (kind === 'CaughtUp') live()
          else if (kind !== 'ConversationOpened') listener.fault(`unexpected update: ${excerpt(data)}`)
        },
        failed: (reason) => listener.fault(`the update stream failed: ${reason}`),
        completed: () => listener.fault('the update stream was completed'),
      },
    )
  })
  const send = async (key: number): Promise<void> => {
    const input = { conversationId, clientMessageId: randomUUID(), body: bodyOf(key) }
    const data = await socket.execute(sendDocument, { input })
    if (dig(data, 'sendMessage', '__typename') !== 'SendMessagePayload') throw new Error(excerpt(data))
    listener.answered()
  }
  return {
    send: (key) => void send(key).catch((error: unknown) => listener.fault(`not sent: ${error}`)),
    close: () => socket.close(),
  }
}
