import { type ApolloClient, CombinedGraphQLErrors } from '@apollo/client'
import type { Client } from 'graphql-ws'
import { repeat, retry, throwError, timer } from 'rxjs'
import { TypingDocument } from '../generated/graphql.js'

const againMilliseconds = 5000

/**
 * Keeps Conversation.typists in the cache: a signal names its conversation with the whole list. While the connection is away
 * nobody is known to type. Returns what ends it.
 */
export function followTyping(client: ApolloClient, socket: Client): () => void {
  const { cache } = client
  const typing = client
    .subscribe({ query: TypingDocument })
    .pipe(
      repeat({ delay: againMilliseconds }),
      // What the server ends may go on later; when the connection is over for good, so is this.
      retry({
        delay: (error) =>
          CombinedGraphQLErrors.is(error) ? timer(againMilliseconds) : throwError(() => error),
      }),
    )
    .subscribe({ error: () => {} })
  const forget = socket.on('closed', () => {
    for (const id of Object.keys(cache.extract() ?? {})) {
      if (id.startsWith('Conversation:')) cache.modify({ id, fields: { typists: () => [] } })
    }
  })
  return () => {
    forget()
    typing.unsubscribe()
  }
}
