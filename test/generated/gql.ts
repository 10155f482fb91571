/* eslint-disable */
import * as types from './graphql.js';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "query ConversationList($first: Int!) {\n  conversations(first: $first) {\n    edges {\n      node {\n        id\n        title\n        unreadCount\n        otherParticipant {\n          id\n          displayName\n        }\n        participants {\n          edges {\n            node {\n              id\n              role\n              user {\n                id\n                displayName\n              }\n            }\n          }\n        }\n        lastMessage {\n          id\n          body\n          sentAt\n        }\n      }\n    }\n  }\n}\n\nquery MessagePage($id: ID!, $first: Int!) {\n  conversation(id: $id) {\n    messages(first: $first) {\n      edges {\n        node {\n          id\n          body\n          sender {\n            id\n            displayName\n          }\n          replyTo {\n            id\n            body\n            sender {\n              id\n            }\n          }\n          receipts {\n            user {\n              id\n              displayName\n            }\n            deliveredAt\n            readAt\n          }\n        }\n      }\n    }\n  }\n}\n\nmutation SendOne($input: SendMessageInput!) {\n  sendMessage(input: $input) {\n    __typename\n    ... on SendMessagePayload {\n      message {\n        id\n        body\n        sequence\n      }\n      conversation {\n        id\n        unreadCount\n      }\n    }\n    ... on Error {\n      code\n      detail\n    }\n  }\n}": typeof types.ConversationListDocument,
};
const documents: Documents = {
    "query ConversationList($first: Int!) {\n  conversations(first: $first) {\n    edges {\n      node {\n        id\n        title\n        unreadCount\n        otherParticipant {\n          id\n          displayName\n        }\n        participants {\n          edges {\n            node {\n              id\n              role\n              user {\n                id\n                displayName\n              }\n            }\n          }\n        }\n        lastMessage {\n          id\n          body\n          sentAt\n        }\n      }\n    }\n  }\n}\n\nquery MessagePage($id: ID!, $first: Int!) {\n  conversation(id: $id) {\n    messages(first: $first) {\n      edges {\n        node {\n          id\n          body\n          sender {\n            id\n            displayName\n          }\n          replyTo {\n            id\n            body\n            sender {\n              id\n            }\n          }\n          receipts {\n            user {\n              id\n              displayName\n            }\n            deliveredAt\n            readAt\n          }\n        }\n      }\n    }\n  }\n}\n\nmutation SendOne($input: SendMessageInput!) {\n  sendMessage(input: $input) {\n    __typename\n    ... on SendMessagePayload {\n      message {\n        id\n        body\n        sequence\n      }\n      conversation {\n        id\n        unreadCount\n      }\n    }\n    ... on Error {\n      code\n      detail\n    }\n  }\n}": types.ConversationListDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ConversationList($first: Int!) {\n  conversations(first: $first) {\n    edges {\n      node {\n        id\n        title\n        unreadCount\n        otherParticipant {\n          id\n          displayName\n        }\n        participants {\n          edges {\n            node {\n              id\n              role\n              user {\n                id\n                displayName\n              }\n            }\n          }\n        }\n        lastMessage {\n          id\n          body\n          sentAt\n        }\n      }\n    }\n  }\n}\n\nquery MessagePage($id: ID!, $first: Int!) {\n  conversation(id: $id) {\n    messages(first: $first) {\n      edges {\n        node {\n          id\n          body\n          sender {\n            id\n            displayName\n          }\n          replyTo {\n            id\n            body\n            sender {\n              id\n            }\n          }\n          receipts {\n            user {\n              id\n              displayName\n            }\n            deliveredAt\n            readAt\n          }\n        }\n      }\n    }\n  }\n}\n\nmutation SendOne($input: SendMessageInput!) {\n  sendMessage(input: $input) {\n    __typename\n    ... on SendMessagePayload {\n      message {\n        id\n        body\n        sequence\n      }\n      conversation {\n        id\n        unreadCount\n      }\n    }\n    ... on Error {\n      code\n      detail\n    }\n  }\n}"): (typeof documents)["query ConversationList($first: Int!) {\n  conversations(first: $first) {\n    edges {\n      node {\n        id\n        title\n        unreadCount\n        otherParticipant {\n          id\n          displayName\n        }\n        participants {\n          edges {\n            node {\n              id\n              role\n              user {\n                id\n                displayName\n              }\n            }\n          }\n        }\n        lastMessage {\n          id\n          body\n          sentAt\n        }\n      }\n    }\n  }\n}\n\nquery MessagePage($id: ID!, $first: Int!) {\n  conversation(id: $id) {\n    messages(first: $first) {\n      edges {\n        node {\n          id\n          body\n          sender {\n            id\n            displayName\n          }\n          replyTo {\n            id\n            body\n            sender {\n              id\n            }\n          }\n          receipts {\n            user {\n              id\n              displayName\n            }\n            deliveredAt\n            readAt\n          }\n        }\n      }\n    }\n  }\n}\n\nmutation SendOne($input: SendMessageInput!) {\n  sendMessage(input: $input) {\n    __typename\n    ... on SendMessagePayload {\n      message {\n        id\n        body\n        sequence\n      }\n      conversation {\n        id\n        unreadCount\n      }\n    }\n    ... on Error {\n      code\n      detail\n    }\n  }\n}"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;