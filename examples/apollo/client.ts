import { ApolloClient, ApolloLink, HttpLink, Observable } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import type { Client } from 'graphql-ws'
import { finalize } from 'rxjs'
import { MarkDeliveredDocument, SendMessageDocument } from '../generated/graphql.js'
import { authorizedFetch } from '../kit/authorized-fetch.js'
import { connect } from '../kit/connection.js'
import { payloadOf } from '../kit/errors.js'
import { Patience } from '../kit/patience.js'
import { Session, type SessionOptions } from '../kit/session.js'
import { Tokens } from '../kit/tokens.js'
import { createCache } from './cache.js'
import { ApolloCopy, type ApolloState, answerOf } from './copy.js'
import { addMessage } from './updates.js'

export interface ApolloOptions extends SessionOptions {
  readonly fetch?: typeof fetch
}

export interface ApolloSession {
  /** For queries, mutations and subscriptions as usual. Its cache is kept by the session. */
  readonly client: ApolloClient
  readonly session: Session<ApolloState>
  readonly socket: Client
}

/** An Apollo Client whose cache is kept from the update stream: queries are asked once, and then stay right. */
export async function openApollo(options: ApolloOptions): Promise<ApolloSession> {
  const { url, webSocketImpl, patience = new Patience() } = options
  const tokens = new Tokens(options.token, patience)
  const socket = connect({ url, tokens, patience, webSocketImpl })
  let session: Session<ApolloState> | null = null
  const cache = createCache()
  const client = new ApolloClient({
    cache,
    link: ApolloLink.from([
      updatesWaitForAnswers(() => session),
      ApolloLink.split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(socket),
        new HttpLink({ uri: url, fetch: authorizedFetch(tokens, options.fetch) }),
      ),
    ]),
  })
  session = await Session.start(options, {
    client: socket,
    patience,
    copy: new ApolloCopy(client, cache),
    send: async (input) => {
      await answerOf(
        client.mutate({
          mutation: SendMessageDocument,
          variables: { input },
          update: (cache, { data }) => {
            if (data?.sendMessage.__typename === 'SendMessagePayload')
              addMessage(cache, input.conversationId, data.sendMessage.messageEdge)
          },
        }),
      ).then(({ sendMessage }) => payloadOf(sendMessage))
    },
    acknowledge: async (upToCursor) => {
      const mutation = { mutation: MarkDeliveredDocument, variables: { upToCursor } }
      const answer = client.mutate({ ...mutation, fetchPolicy: 'no-cache' })
      payloadOf((await answerOf(answer)).markDelivered)
    },
  })
  return { client, session, socket }
}

/** What a query or mutation answers goes into the cache before the updates that arrive meanwhile: see Follower.during. */
function updatesWaitForAnswers(current: () => Session<ApolloState> | null): ApolloLink {
  return new ApolloLink((operation, forward) => {
    const session = current()
    if (!session || operation.operationType === OperationTypeNode.SUBSCRIPTION) return forward(operation)
    return new Observable((observer) => {
      let done = () => {}
      void session.follower.during(
        () =>
          new Promise<void>((resolve) => {
            done = resolve
          }),
      )
      return forward(operation)
        .pipe(finalize(() => done()))
        .subscribe(observer)
    })
  })
}
