import {
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.js'
import type { Person } from '../support/person.js'
import { World } from '../support/world.js'

// The rules of Relay's server specification (Global Object Identification, and Cursor Connections), a test each, over the
// schema as it is and over the API. A new type with an id, or a new connection, fails here until it is read here, too.

const objectTypes = Object.values(schema.getTypeMap()).filter(isObjectType)
const nodeTypes = objectTypes.filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))
const connectionTypes = objectTypes.filter(({ name }) => name.endsWith('Connection'))
const connectionFields = objectTypes.flatMap((type) =>
  Object.values(type.getFields())
    .filter((field) => connectionTypes.some((connection) => connection === getNamedType(field.type)))
    .map((field) => ({ name: `${type.name}.${field.name}`, field })),
)

function fieldOf(type: GraphQLObjectType | null | undefined, name: string) {
  const field = type?.getFields()[name]
  if (!field) throw new Error(`${type?.name} has no ${name}`)
  return field
}
const argumentsOf = (field: GraphQLField<unknown, unknown>) =>
  Object.fromEntries(field.args.map(({ name, type }) => [name, `${type}`]))

let world: World
let doctor: Person
let patient: Person
let stranger: Person
let conversationId: string
let groupId: string

beforeAll(async () => {
  world = await World.start()
  doctor = await world.person('DOCTOR')
  stranger = await world.person('PATIENT')
  const patients: Person[] = []
  for (let index = 0; index < 7; index++) {
    const each = await world.person('PATIENT')
    // Two of the same name, and conversations of the same moment below: what is equal needs an order, too.
    if (index < 2) await each.upsert({ displayName: 'Namesake' })
    await world.appointment(each, doctor)
    patients.push(each)
  }
  for (const each of patients) {
    const id = await each.open(doctor)
    await each.send(id, `Good morning, I am ${each.externalId}.`)
  }
  patient = patients[0] ?? stranger
  conversationId = await doctor.open(patient)
  for (let index = 0; index < 9; index++)
    await (index % 2 ? doctor : patient).send(conversationId, `Message ${index}`)
  const members: Person[] = []
  for (let index = 0; index < 6; index++) members.push(await world.person('STAFF'))
  groupId = await world.group(doctor, members)
  for (const member of members.slice(0, 5)) await doctor.mutate('blockUser', { userId: member.id })
  await world.sql(
    `UPDATE participants SET last_activity_at = date_trunc('minute', last_activity_at) WHERE user_id = $1::uuid`,
    [doctor.rowId],
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

describe('Global Object Identification', () => {
  interface Known {
    readonly id: string
    readonly [field: string]: unknown
  }
  interface Sample {
    readonly viewer: () => Person
    /** Gets an object of the type another way than by its id, with these fields. */
    readonly fetch: (fields: string) => Promise<Known>
  }
  const by = async <Data>(
    person: Person,
    query: string,
    variables: object,
    find: (data: Data) => Known | undefined,
  ) => {
    const found = find(await person.must<Data>(query, variables))
    if (!found) throw new Error('nothing found')
    return found
  }
  const asDoctor = { viewer: () => doctor }
  const samples: Record<string, Sample> = {
    User: {
      ...asDoctor,
      fetch: (fields) =>
        by<{ user: Known }>(
          doctor,
          `query ($id: String!) { user(externalId: $id) { ${fields} } }`,
          { id: patient.externalId },
          ({ user }) => user,
        ),
    },
    Viewer: {
      ...asDoctor,
      fetch: (fields) =>
        by<{ viewer: Known }>(doctor, `{ viewer { ${fields} } }`, {}, ({ viewer }) => viewer),
    },
    Conversation: {
      ...asDoctor,
      fetch: (fields) =>
        by<{ conversations: { edges: { node: Known }[] } }>(
          doctor,
          `{ conversations(first: 1) { edges { node { ${fields} } } } }`,
          {},
          (data) => data.conversations.edges[0]?.node,
        ),
    },
    Participant: {
      ...asDoctor,
      fetch: (fields) =>
        by<{ conversation: { participants: { edges: { node: Known }[] } } }>(
          doctor,
          `query ($id: ID!) { conversation(id: $id) { participants(first: 2) { edges { node { ${fields} } } } } }`,
          { id: groupId },
          (data) => data.conversation.participants.edges[1]?.node,
        ),
    },
    Message: {
      ...asDoctor,
      fetch: (fields) =>
        by<{ conversation: { messages: { edges: { node: Known }[] } } }>(
          doctor,
          `query ($id: ID!) { conversation(id: $id) { messages(last: 1) { edges { node { ${fields} } } } } }`,
          { id: conversationId },
          (data) => data.conversation.messages.edges[0]?.node,
        ),
    },
    Appointment: {
      viewer: () => world.platform(),
      fetch: (fields) =>
        by<{ upsertAppointment: { appointment: Known } }>(
          world.platform(),
          `mutation ($input: UpsertAppointmentInput!) { upsertAppointment(input: $input) { ... on UpsertAppointmentPayload { appointment { ${fields} } } } }`,
          {
            input: {
              externalId: 'relay',
              patientExternalId: patient.externalId,
              doctorExternalId: doctor.externalId,
              status: 'SCHEDULED',
              startsAt: '2030-01-01T09:00:00.000Z',
            },
          },
          (data) => data.upsertAppointment.appointment,
        ),
    },
  }
  const sampleOf = (name: string) => {
    const sample = samples[name]
    if (!sample) throw new Error(`the test does not know how to get a ${name}`)
    return sample
  }
  const leavesOf = (type: GraphQLObjectType) =>
    Object.values(type.getFields())
      .filter((field) => isLeafType(getNamedType(field.type)) && !field.args.some(isRequiredArgument))
      .map(({ name }) => name)
      .join(' ')

  test('there is an interface Node with exactly one field, id: ID!', () => {
    const node = schema.getType('Node')
    if (!isInterfaceType(node)) throw new Error('Node is no interface')
    expect(Object.values(node.getFields()).map(({ name, type, args }) => [name, `${type}`, args])).toEqual([
      ['id', 'ID!', []],
    ])
  })

  test('there is a root field node with exactly one argument, id: ID!, that returns a nullable Node', () => {
    const field = fieldOf(schema.getQueryType(), 'node')
    expect([argumentsOf(field), `${field.type}`]).toEqual([{ id: 'ID!' }, 'Node'])
  })

  test('there is a plural root field nodes with exactly one argument, a list, that returns a list of nullable Nodes', () => {
    const field = fieldOf(schema.getQueryType(), 'nodes')
    expect([argumentsOf(field), `${field.type}`]).toEqual([{ ids: '[ID!]!' }, '[Node]!'])
  })

  test('this test knows an object of every type that implements Node', () => {
    expect(Object.keys(samples).sort()).toEqual(nodeTypes.map(({ name }) => name).sort())
  })

  test.each(nodeTypes.map((type) => [type.name, type] as const))(
    '%s: node(id) refetches the identical object, and both forms have all fields equal',
    async (name, type) => {
      const { viewer, fetch } = sampleOf(name)
      const fields = leavesOf(type)
      const found = await fetch(fields)
      const { node, nodes } = await viewer().must<{ node: Known; nodes: Known[] }>(
        `query ($id: ID!) { node(id: $id) { __typename id ... on ${name} { ${fields} } } nodes(ids: [$id, $id]) { __typename id ... on ${name} { ${fields} } } }`,
        { id: found.id },
      )
      expect(node).toEqual({ __typename: name, ...found })
      expect(nodes).toEqual([node, node])
    },
  )

  test('ids are unique over all types', async () => {
    const ids = await Promise.all(Object.values(samples).map(async ({ fetch }) => (await fetch('id')).id))
    const own = await doctor.must<{ viewer: { id: string; user: { id: string } } }>(
      '{ viewer { id user { id } } }',
    )
    expect(own.viewer.id).not.toBe(own.viewer.user.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('node is null for an id that nothing has, and for what the viewer may not see', async () => {
    const unknown = nodeTypes.map(({ name }) =>
      Buffer.from(`${name}:00000000-0000-7000-8000-000000000000`).toString('base64url'),
    )
    const foreign = await Promise.all(Object.values(samples).map(async ({ fetch }) => (await fetch('id')).id))
    for (const id of [...unknown, ...foreign, '', 'nothing'])
      expect(await stranger.ask('query ($id: ID!) { node(id: $id) { id } }', { id })).toEqual({
        status: 200,
        data: { node: null },
      })
  })

  test('nodes answers in the order of its ids, as long as they are, null where nothing is', async () => {
    const message = await sampleOf('Message').fetch('id')
    const user = await sampleOf('User').fetch('id')
    const ids = [user.id, 'nothing', message.id, user.id, conversationId, '']
    const data = await doctor.must<{ nodes: unknown[] }>(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }',
      { ids },
    )
    expect(data.nodes).toEqual([
      { __typename: 'User', id: user.id },
      null,
      { __typename: 'Message', id: message.id },
      { __typename: 'User', id: user.id },
      { __typename: 'Conversation', id: conversationId },
      null,
    ])
  })
})

describe('Cursor Connections: types', () => {
  test.each(connectionTypes.map((type) => [type.name, type] as const))(
    '%s has edges, a list of its edge type, and pageInfo: PageInfo!',
    (name, type) => {
      const edges = getNullableType(fieldOf(type, 'edges').type)
      expect(isListType(edges) && getNamedType(edges).name).toBe(name.replace(/Connection$/, 'Edge'))
      expect(`${fieldOf(type, 'pageInfo').type}`).toBe('PageInfo!')
    },
  )

  test.each(connectionTypes.map((type) => [type.name, type] as const))(
    'the edge of %s has a node, no list, and a cursor: String!',
    (_name, type) => {
      const edge = getNamedType(fieldOf(type, 'edges').type)
      if (!isObjectType(edge)) throw new Error('the edge is no object')
      expect(isListType(getNullableType(fieldOf(edge, 'node').type))).toBe(false)
      expect(`${fieldOf(edge, 'cursor').type}`).toBe('String!')
    },
  )

  test('every type whose name ends in Connection is a connection, and PageInfo is never a node’s', () => {
    expect(Object.values(schema.getTypeMap()).filter(({ name }) => name.endsWith('Connection'))).toEqual(
      connectionTypes,
    )
    expect(nodeTypes.map(({ name }) => name)).not.toContain('PageInfo')
  })

  test('PageInfo says hasNextPage and hasPreviousPage: Boolean!, startCursor and endCursor: String', () => {
    const type = objectTypes.find(({ name }) => name === 'PageInfo')
    const fields = Object.values(type?.getFields() ?? {}).map((field) => [field.name, `${field.type}`])
    expect(Object.fromEntries(fields)).toEqual({
      hasNextPage: 'Boolean!',
      hasPreviousPage: 'Boolean!',
      startCursor: 'String',
      endCursor: 'String',
    })
  })

  test.each(connectionFields.map(({ name, field }) => [name, field] as const))(
    '%s takes first: Int and after: String; where it goes backward, last: Int and before: String',
    (_name, field) => {
      const { first, after, last, before } = argumentsOf(field)
      expect([first, after]).toEqual(['Int', 'String'])
      expect([
        [undefined, undefined],
        ['Int', 'String'],
      ]).toContainEqual([last, before])
      expect(isNonNullType(field.type)).toBe(false)
    },
  )
})

interface Page {
  readonly edges: { readonly cursor: string; readonly node: { readonly id: string } }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}
interface Paging {
  readonly first?: number
  readonly after?: string | null | undefined
  readonly last?: number
  readonly before?: string | null | undefined
}

/** How each connection is read; all of them as the doctor, `page` wherever it stands. */
const walks: Record<string, { document: string; id?: () => string }> = {
  'Query.conversations': {
    document: `query ($first: Int, $after: String, $last: Int, $before: String) {
      page: conversations(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
  },
  'Query.contacts': {
    document: `query ($first: Int, $after: String, $last: Int, $before: String) {
      page: contacts(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
  },
  'Viewer.blockedUsers': {
    document: `query ($first: Int, $after: String, $last: Int, $before: String) {
      parent: viewer { page: blockedUsers(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
  },
  'Conversation.messages': {
    id: () => conversationId,
    document: `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
      parent: conversation(id: $id) { page: messages(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
  },
  'Conversation.participants': {
    id: () => groupId,
    document: `query ($id: ID!, $first: Int, $after: String) {
      parent: conversation(id: $id) { page: participants(first: $first, after: $after) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
  },
}

function ask(name: string, paging: Paging) {
  const { document, id } = walks[name] ?? { document: '' }
  return doctor.ask<{ page?: Page | null; parent?: { page: Page | null } }>(document, {
    ...paging,
    ...(id ? { id: id() } : {}),
  })
}

async function read(name: string, paging: Paging): Promise<Page> {
  const { data, errors } = await ask(name, paging)
  const page = data?.page ?? data?.parent?.page
  if (!page || errors) throw new Error(`no page: ${JSON.stringify(errors)}`)
  return page
}

test('this test reads every field that returns a connection', () => {
  expect(Object.keys(walks).sort()).toEqual(connectionFields.map(({ name }) => name).sort())
})

describe.each(connectionFields.map(({ name, field }) => ({ name, isBoth: 'last' in argumentsOf(field) })))(
  'Cursor Connections: $name',
  ({ name, isBoth }) => {
    let all: Page['edges']
    beforeAll(async () => {
      all = (await read(name, { first: 100 })).edges
      expect(all.length).toBeGreaterThan(4)
    })

    const cursorsOf = ({ edges }: Page) => ({
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    })

    test('edges have nodes and cursors of their own', () => {
      expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(all.length)
      expect(new Set(all.map(({ node }) => node.id)).size).toBe(all.length)
    })

    test.each([1, 2, 3, 100])(
      'forward by %i: each edge once, in order, with the cursor it has on every page; hasNextPage until the last',
      async (first) => {
        for (let start = 0; start < all.length; start += first) {
          const after = all[start - 1]?.cursor
          const page = await read(name, { first, after })
          expect(page).toEqual({
            edges: all.slice(start, start + first),
            pageInfo: {
              hasNextPage: start + first < all.length,
              hasPreviousPage: start > 0,
              ...cursorsOf(page),
            },
          })
        }
      },
    )

    if (isBoth) {
      test.each([1, 2, 3, 100])(
        'backward by %i: the same edges in the same order within each page; hasPreviousPage until the first',
        async (last) => {
          for (let end = all.length; end > 0; end -= last) {
            const before = all[end]?.cursor
            const page = await read(name, { last, before })
            expect(page).toEqual({
              edges: all.slice(Math.max(0, end - last), end),
              pageInfo: {
                hasNextPage: end < all.length,
                hasPreviousPage: end - last > 0,
                ...cursorsOf(page),
              },
            })
          }
        },
      )

      test('after and before together leave what lies between, from either end', async () => {
        for (const [low, high] of [
          [0, all.length - 1],
          [1, 3],
          [0, 1],
          [3, 1],
        ]) {
          const between = { after: all[low ?? 0]?.cursor, before: all[high ?? 0]?.cursor }
          const inside = all.slice((low ?? 0) + 1, high)
          for (const size of [1, 2, 100]) {
            const forward = await read(name, { first: size, ...between })
            expect(forward.edges).toEqual(inside.slice(0, size))
            expect(forward.pageInfo).toMatchObject({
              hasNextPage: inside.length > size,
              ...cursorsOf(forward),
            })
            const backward = await read(name, { last: size, ...between })
            expect(backward.edges).toEqual(inside.slice(-size))
            expect(backward.pageInfo).toMatchObject({
              hasPreviousPage: inside.length > size,
              ...cursorsOf(backward),
            })
          }
        }
      })
    }

    test('a page with nothing on it has no cursors, and nothing after it', async () => {
      const page = await read(name, { first: 3, after: all.at(-1)?.cursor })
      expect(page).toEqual({
        edges: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
      })
    })

    test('a negative size, both sizes, or a cursor of elsewhere is an error, and the field null', async () => {
      const wrong: Paging[] = [{ first: -1 }, { first: 1, after: 'nothing' }]
      if (isBoth)
        wrong.push(
          { last: -1 },
          { first: 1, last: 1 },
          { last: 1, before: 'nothing' },
          { first: 1, before: 'nothing' },
        )
      for (const paging of wrong) {
        const { data, errors } = await ask(name, paging)
        expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }])
        expect(data?.page ?? data?.parent?.page ?? null).toBeNull()
      }
    })
  },
)
