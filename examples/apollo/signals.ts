import type { ApolloClient } from '@apollo/client'
import type { Client } from 'graphql-ws'
import { TypingDocument } from '../generated/graphql.js'

/**
 * Keeps Conversation.typists in the cache: a signal names its conversation with the whole list. While the connection is away
 * nobody is known to type. Returns what ends it.
 */
export function followTyping(client: ApolloClient, socket: Client): () => void {
  const { cache } = client
  const typing = client.subscribe({ query: TypingDocument }).subscribe({ error: () => {} })
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
