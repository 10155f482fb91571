import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { jwtVerify } from 'jose'
import { Pool } from 'pg'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { number, text } from '../json.js'
import { pageOf } from './page.js'

/**
 * The least that a chat server can do, to hold Parley against: JSON frames, a token in the first one,
 * one INSERT per message, one publish, a copy to both people; pages over HTTP for whoever asks. No rules, no
 * idempotency, no encryption, no audit, no catching up; even order is left to the pool.
 */
const env = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is missing`)
  return value
}

const pool = new Pool({ connectionString: env('DATABASE_URL'), max: 10 })
const publisher = new Redis(env('REDIS_URL'))
const subscriber = new Redis(env('REDIS_URL'))
const secret = new TextEncoder().encode(env('JWT_SECRET'))
const sockets = new Map<string, WebSocket>()
const channel = 'floor:messages'

const insert = `INSERT INTO messages (conversation, sender, recipient, key, body)
  VALUES ($1, $2, $3, $4, $5) RETURNING id, sent_at`

async function send(from: string, frame: unknown): Promise<void> {
  const to = text(frame, 'to')
  const conversation = text(frame, 'conversation')
  const key = number(frame, 'key')
  const body = text(frame, 'body')
  const { rows } = await pool.query<{ id: string; sent_at: Date }>({
    name: 'insert',
    text: insert,
    values: [conversation, from, to, key, body],
  })
  const row = rows[0]
  if (!row) throw new Error('nothing was inserted')
  const message = { id: Number(row.id), conversation, from, to, key, body, sentAt: row.sent_at }
  await publisher.publish(channel, JSON.stringify(message))
}

function serve(socket: WebSocket): void {
  const parse = (data: RawData): unknown => JSON.parse(data.toString())
  const fail = (error: unknown): void => {
    console.error(error)
    socket.terminate()
  }
  const greet = async (data: RawData): Promise<void> => {
    const { payload } = await jwtVerify(text(parse(data), 'token'), secret)
    const person = text(payload, 'sub')
    sockets.set(person, socket)
    socket.on('message', (next) => void send(person, parse(next)).catch(fail))
    socket.send('{"ready":true}')
  }
  socket.once('message', (data) => void greet(data).catch(fail))
}

subscriber.on('message', (_channel: string, message: string) => {
  const frame: unknown = JSON.parse(message)
  sockets.get(text(frame, 'from'))?.send(message)
  sockets.get(text(frame, 'to'))?.send(message)
})

await pool.query(`CREATE TABLE IF NOT EXISTS messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, conversation text NOT NULL, sender text NOT NULL,
  recipient text NOT NULL, key int NOT NULL, body text NOT NULL, sent_at timestamptz NOT NULL DEFAULT now())`)
await pool.query('CREATE INDEX IF NOT EXISTS messages_conversation ON messages (conversation, id)')
await subscriber.subscribe(channel)

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://floor')
  if (pathname !== '/page') {
    response.end('ok')
    return
  }
  pageOf(pool, searchParams).then(
    (page) => response.setHeader('content-type', 'application/json').end(page),
    (error: unknown) => {
      console.error(error)
      response.writeHead(500).end()
    },
  )
})
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', serve)
server.listen(Number(env('PORT')), '127.0.0.1')
process.once('SIGTERM', () => process.exit(0))
