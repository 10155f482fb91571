import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'

const lookMilliseconds = 2500
/** An idle peer is asked whether it is there. */
const idleMilliseconds = 25_000
/** One that was sent something is asked soon: it may have stopped reading. */
const askMilliseconds = 10_000
/** Who takes nothing for so long is cut; who was sent nothing, and does not answer, after so long. */
const stalledMilliseconds = 30_000
const silentMilliseconds = 50_000

interface Peer {
  readonly tcp: Socket
  /** Asks for a sign of life; null where the protocol knows none. */
  readonly ping: (() => void) | null
  readonly cut: () => void
  /** When it last gave a sign of life, and what had been handed to it by then. */
  heardAt: number
  bytesThen: number
  askedAt: number
  /** How far the kernel had come when it took no more; null: it takes everything. */
  blockedAt: number | null
}

/**
 * Finds the peers that are gone without a word (cut, half open, behind a black hole) or no longer read, and cuts them: they come
 * back with their cursor. A sign of life is a pong, whatever else they say, or room in a connection that was full. That the
 * kernel takes bytes is none: it takes megabytes for somebody who is gone.
 */
export class Vigil {
  private readonly peers = new Set<Peer>()
  private lookedAt = performance.now()
  private readonly looking: NodeJS.Timeout

  constructor(private readonly onCut: () => void = () => {}) {
    this.looking = setInterval(() => this.look(), lookMilliseconds).unref()
  }

  /** Watches a socket until it closes. */
  watchSocket(socket: WebSocket, tcp: Socket): void {
    const peer = this.watch(
      tcp,
      () => socket.ping(),
      () => socket.terminate(),
    )
    socket.on('pong', () => hear(peer))
    socket.on('message', () => hear(peer))
    socket.once('close', () => this.peers.delete(peer))
  }

  /** Watches a response that goes on for long; it can only be found full. */
  watchResponse(response: ServerResponse): void {
    const { socket: tcp } = response
    if (!tcp) return
    const peer = this.watch(tcp, null, () => response.destroy())
    response.once('close', () => this.peers.delete(peer))
  }

  stop(): void {
    clearInterval(this.looking)
  }

  private watch(tcp: Socket, ping: Peer['ping'], cut: Peer['cut']): Peer {
    const now = performance.now()
    const peer = {
      tcp,
      ping,
      cut,
      heardAt: now,
      bytesThen: tcp.bytesWritten,
      askedAt: now,
      blockedAt: null,
    }
    this.peers.add(peer)
    return peer
  }

  private look(): void {
    const now = performance.now()
    // A node that stood still heard nobody: what was said meanwhile has not been read yet.
    const stoodStill = Math.max(0, now - this.lookedAt - 2 * lookMilliseconds)
    this.lookedAt = now
    for (const peer of this.peers) {
      peer.heardAt += stoodStill
      peer.askedAt += stoodStill
      noteRoom(peer)
      const silent = now - peer.heardAt
      const wasSent = peer.tcp.bytesWritten > peer.bytesThen
      if (peer.ping === null) {
        if (peer.blockedAt === null) hear(peer)
        else if (silent >= stalledMilliseconds) this.end(peer)
      } else if (silent >= (wasSent ? stalledMilliseconds : silentMilliseconds)) this.end(peer)
      else if (now - peer.askedAt >= (wasSent ? askMilliseconds : idleMilliseconds)) {
        peer.askedAt = now
        const before = peer.tcp.bytesWritten
        peer.ping()
        // The question itself is nothing that was sent.
        peer.bytesThen += peer.tcp.bytesWritten - before
      }
    }
  }

  private end(peer: Peer): void {
    this.peers.delete(peer)
    this.onCut()
    peer.cut()
  }
}

function hear(peer: Peer): void {
  peer.heardAt = performance.now()
  peer.bytesThen = peer.tcp.bytesWritten
}

/** A connection that was full and has taken something since has a reader at its other end. */
function noteRoom(peer: Peer): void {
  const { writableLength, bytesWritten } = peer.tcp
  const taken = bytesWritten - writableLength
  if (peer.blockedAt !== null && taken > peer.blockedAt) hear(peer)
  peer.blockedAt = writableLength > 0 ? taken : null
}
