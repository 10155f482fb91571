import { z } from 'zod'

/** A document whose only root field is called `result`, and what is expected in it. */
export interface Operation<Result> {
  readonly query: string
  readonly result: z.ZodType<Result>
}

const id = z.object({ id: z.string() })
const message = z.object({
  id: z.string(),
  body: z.string().nullable(),
  sequence: z.number(),
  sender: z.object({ externalId: z.string() }).nullable(),
})
const messageFields = 'id body sequence sender { externalId }'
const refusal = '... on Error { code detail }'
const conversation = z.object({ conversation: id })

const historyPage = z.object({
  edges: z.array(z.object({ node: message })),
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
})

export type Message = z.infer<typeof message>
export type HistoryPage = z.infer<typeof historyPage>

export const upsertUser = {
  query: `mutation($input: UpsertUserInput!) {
    result: upsertUser(input: $input) { ... on UpsertUserPayload { user { id } } ${refusal} }
  }`,
  result: z.object({ user: id }),
}

export const upsertAppointment = {
  query: `mutation($input: UpsertAppointmentInput!) {
    result: upsertAppointment(input: $input) {
      ... on UpsertAppointmentPayload { appointment { id } } ${refusal}
    }
  }`,
  result: z.object({ appointment: id }),
}

export const openConversation = {
  query: `mutation($input: OpenConversationInput!) {
    result: openConversation(input: $input) { ... on OpenConversationPayload { conversation { id } } ${refusal} }
  }`,
  result: conversation,
}

export const createGroup = {
  query: `mutation($input: CreateGroupInput!) {
    result: createGroup(input: $input) { ... on CreateGroupPayload { conversation { id } } ${refusal} }
  }`,
  result: conversation,
}

export const sendMessage = {
  query: `mutation($input: SendMessageInput!) {
    result: sendMessage(input: $input) { ... on SendMessagePayload { message { id } } ${refusal} }
  }`,
  result: z.object({ message: id }),
}

export const updates = {
  query: `subscription($after: String) {
    result: updates(after: $after) {
      cursor
      change {
        __typename
        ... on MessageSent { message { ${messageFields} } }
        ... on StreamReset { reason }
      }
    }
  }`,
  result: z.object({
    cursor: z.string(),
    change: z
      .object({ __typename: z.string(), message: message.optional(), reason: z.string().optional() })
      .nullable(),
  }),
}

/** The page is smaller than most dialogues, so that paging is tried as well. */
export const history = {
  query: `query($id: ID!, $after: String) {
    result: conversation(id: $id) {
      messages(first: 10, after: $after) { edges { node { ${messageFields} } } pageInfo { hasNextPage endCursor } }
    }
  }`,
  result: z.object({ messages: historyPage }),
}
