import { randomUUID } from 'node:crypto'
import type { Client } from 'graphql-ws'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf } from '../../support/invariants.js'
import type { Person } from '../../support/person.js'
import type { World } from '../../support/world.js'
import { range, rounds, rowIdOf, startRaces } from './racing.js'

const many = 200

let world: World
beforeAll(async () => {
  world = await startRaces()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const document = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessagePayload { replayed message { body sequence } } ... on Error { code } } }`

interface Answer {
  readonly code?: string
  readonly replayed?: boolean
  readonly message?: { readonly body: string; readonly sequence: number }
}

/** One send over the socket; its frame is written before this returns, once the socket is open. */
function sendOver(client: Client, conversationId: string, body: string): Promise<Answer> {
  const input = { conversationId, clientMessageId: randomUUID(), body }
  return new Promise((resolve, reject) => {
    let answer: Answer | null | undefined
    client.subscribe<{ sendMessage: Answer }>(
      { query: document, variables: { input } },
      {
        next: ({ data, errors }) => {
          if (errors) reject(new Error(JSON.stringify(errors)))
          answer = data?.sendMessage
        },
        error: reject,
        complete: () => (answer ? resolve(answer) : reject(new Error('no answer'))),
      },
    )
  })
}

/** A socket that is open already, so that frames leave in the order of the calls. */
async function openSocket(person: Person): Promise<Client> {
  const client = person.socket()
  for await (const result of client.iterate({ query: '{ viewer { id } }' }))
    expect(result.errors).toBe(undefined)
  return client
}

async function bodies(person: Person, conversationId: string): Promise<(string | null)[]> {
  return (await person.history(conversationId)).map(({ body }) => body)
}

/** Holds a conversation’s row lock until told to let go. */
async function holdRow(conversationId: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: world.database.connectionString })
  await client.connect()
  await client.query('BEGIN')
  await client.query('SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE', [rowIdOf(conversationId)])
  return async () => {
    await client.query('COMMIT')
    await client.end()
  }
}

const texts = range(1, many).map((count) => `Line ${count}`)

test('what one socket sends into a conversation commits in the order sent', async () => {
  await rounds(
    3,
    async (round) => {
      const { patient, doctor, conversationId } = await world.pair(round % 2)
      const client = await openSocket(patient)
      const answers = await Promise.all(texts.map((body) => sendOver(client, conversationId, body)))
      expect(answers).toEqual(
        texts.map((body, index) => ({ replayed: false, message: { body, sequence: index + 1 } })),
      )
      expect(await bodies(doctor, conversationId)).toEqual(texts)
      await patient.close()
    },
    3,
  )
  expect(await faultsOf(world)).toEqual([])
})

test('it does so while somebody else holds the conversation', async () => {
  await rounds(
    2,
    async (round) => {
      const { patient, doctor, conversationId } = await world.pair(round % 2)
      const elsewhere = await world.pair(round % 2)
      const client = await openSocket(patient)
      const letGo = await holdRow(conversationId)
      const held = new Promise<void>((resolve) => setTimeout(resolve, 500)).then(letGo)
      const first = texts.slice(0, many / 2).map((body) => sendOver(client, conversationId, body))
      // What goes elsewhere meanwhile shares batches with what is held up, and is not held up itself.
      const others = range(1, 20).map((count) =>
        elsewhere.patient.send(elsewhere.conversationId, `Elsewhere ${count}`),
      )
      const second = texts.slice(many / 2).map((body) => sendOver(client, conversationId, body))
      const answers = await Promise.all([...first, ...second])
      await Promise.all([held, ...others])
      expect(answers.map(({ message }) => message?.sequence)).toEqual(range(1, many))
      expect(await bodies(doctor, conversationId)).toEqual(texts)
      await patient.close()
    },
    2,
  )
  expect(await faultsOf(world)).toEqual([])
})

test('it does so in each of several conversations, interleaved', async () => {
  const doctor = await world.person('DOCTOR', 1)
  const conversationIds: string[] = []
  for (const _ of range(1, 5)) {
    const patient = await world.person('PATIENT')
    await world.appointment(patient, doctor)
    conversationIds.push(await doctor.open(patient))
  }
  const client = await openSocket(doctor)
  const letGo = await holdRow(conversationIds[2] ?? '')
  const held = new Promise<void>((resolve) => setTimeout(resolve, 500)).then(letGo)
  const answers = await Promise.all(
    texts.map((body, index) => sendOver(client, conversationIds[index % 5] ?? '', body)),
  )
  await held
  expect(answers).toEqual(
    texts.map((body, index) => ({ replayed: false, message: { body, sequence: Math.floor(index / 5) + 1 } })),
  )
  for (const [index, conversationId] of conversationIds.entries()) {
    expect(await bodies(doctor, conversationId)).toEqual(texts.filter((_, text) => text % 5 === index))
  }
  await doctor.close()
  expect(await faultsOf(world)).toEqual([])
})

test('a refused send in between holds nobody up and changes no order', async () => {
  const { patient, doctor, conversationId } = await world.pair()
  const client = await openSocket(patient)
  const answers = await Promise.all(
    texts.map((body, index) => sendOver(client, conversationId, index % 10 === 3 ? '' : body)),
  )
  const sent = texts.filter((_, index) => index % 10 !== 3)
  expect(answers.filter(({ code }) => code === undefined).map(({ message }) => message?.body)).toEqual(sent)
  expect(answers.filter(({ code }) => code === 'INVALID_INPUT')).toHaveLength(many / 10)
  expect(await bodies(doctor, conversationId)).toEqual(sent)
  await patient.close()
  expect(await faultsOf(world)).toEqual([])
})
