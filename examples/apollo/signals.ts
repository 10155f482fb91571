import type { ApolloClient } from '@apollo/client'
import type { Client } from 'graphql-ws'
import { EMPTY, repeat, timer } from 'rxjs'
import { SetTypingDocument, TypingDocument } from '../generated/graphql.js'
import { failureOf, textOf } from '../kit/connection.js'
import { Ended } from '../kit/errors.js'
import { TypingNotifier } from '../kit/typing-notifier.js'

/**
 * Keeps Conversation.typists in the cache: a signal names its conversation with the whole list. While the connection is away
 * nobody is known to type. Returns what ends it.
 */
export function followTyping(client: ApolloClient, socket: Client, againMilliseconds = 5000): () => void {
  const { cache } = client
  let isOver = false
  const typing = client
    .subscribe({ query: TypingDocument })
    // What ends, with an error or without, may go on later; when the connection is over for good, so is this.
    .pipe(repeat({ delay: () => (isOver ? EMPTY : timer(againMilliseconds)) }))
    .subscribe()
  const forget = socket.on('closed', (event) => {
    isOver = failureOf(event) instanceof Ended
    for (const id of Object.keys(cache.extract() ?? {})) {
      if (id.startsWith('Conversation:')) cache.modify({ id, fields: { typists: () => [] } })
    }
  })
  return () => {
    forget()
    typing.unsubscribe()
  }
}

/**
 * For a conversation's input field; `resendSeconds` is serverInfo.typingResendSeconds. It tells over the socket: typing ends with
 * the connection that said it, which HTTP has not.
 */
export function typingNotifier(
  socket: Client,
  conversationId: string,
  resendSeconds: number,
): TypingNotifier {
  const tell = (isTyping: boolean) => {
    const payload = { query: textOf(SetTypingDocument), variables: { conversationId, isTyping } }
    // Lost, or refused: no matter.
    const giveUp = socket.subscribe(payload, { next: () => {}, error: () => {}, complete: () => {} })
    // It waits for a connection, but said late it would be wrong.
    setTimeout(giveUp, resendSeconds * 1000)
  }
  return new TypingNotifier(tell, resendSeconds)
}
