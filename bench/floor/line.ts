import { once } from 'node:events'
import { WebSocket } from 'ws'
import { dig, number } from '../json.js'
import { bodyOf, type Line, type Listener } from '../line.js'

export interface FloorPerson {
  readonly url: string
  readonly token: string
  readonly other: string
  readonly conversation: string
}

/** A connection to the floor server that is ready to send. */
export async function openFloorLine(person: FloorPerson, listener: Listener): Promise<Line> {
  const socket = new WebSocket(person.url, { perMessageDeflate: false })
  let closing = false
  socket.on('close', (code) => closing || listener.fault(`the floor closed a socket: ${code}`))
  socket.on('error', (error) => listener.fault(error.message))
  await once(socket, 'open')
  socket.send(JSON.stringify({ token: person.token }))
  await once(socket, 'message')
  socket.on('message', (data) => {
    const frame: unknown = JSON.parse(data.toString())
    if (dig(frame, 'conversation') !== person.conversation) return
    if (dig(frame, 'to') === person.other) listener.answered()
    listener.arrived(number(frame, 'key'), number(frame, 'id'))
  })
  const { other: to, conversation } = person
  return {
    send: (key) => socket.send(JSON.stringify({ to, conversation, key, body: bodyOf(key) })),
    close: async () => {
      closing = true
      socket.close()
      await once(socket, 'close')
    },
  }
}
