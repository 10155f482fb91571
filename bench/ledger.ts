import type { Listener, Side } from './line.js'

interface Open {
  readonly from: Side
  readonly at: number
  readonly timed: boolean
  readonly seen: [boolean, boolean]
}

/** What all pairs together sent and received on one server. */
export class Tally {
  sent = 0
  received = 0
  answered = 0
  doubled = 0
  outOfOrder = 0
  readonly faults: string[] = []
  /** Milliseconds from the send to the arrival at the other person, while `timing` is on. */
  latencies: number[] = []
  timing = false

  fault(reason: string): void {
    if (this.faults.length < 5 && !this.faults.includes(reason)) this.faults.push(reason)
  }

  get lost(): number {
    return this.sent - this.received
  }

  get settled(): boolean {
    return this.received === this.sent && this.answered === this.sent
  }
}

/** The messages of one pair: numbered when sent, crossed off when both people have received them. */
export class PairLedger {
  readonly #open = new Map<number, Open>()
  readonly #sequences: [number, number] = [0, 0]
  readonly #keys: readonly [[number, number], [number, number]] = [
    [0, 0],
    [0, 0],
  ]
  #last = 0

  /** `gapless`: the server promises sequences without a gap; otherwise they only have to rise. */
  constructor(
    readonly tally: Tally,
    readonly gapless: boolean,
    readonly completed: () => void,
  ) {}

  /** The number of a message that is about to be sent. */
  open(from: Side): number {
    this.#last += 1
    const { timing } = this.tally
    this.#open.set(this.#last, { from, at: performance.now(), timed: timing, seen: [false, false] })
    this.tally.sent += 1
    return this.#last
  }

  /** What one of the two people hears. */
  listener(side: Side): Listener {
    return {
      arrived: (key, sequence) => this.#arrived(side, key, sequence),
      answered: () => {
        this.tally.answered += 1
      },
      fault: (reason) => this.tally.fault(reason),
    }
  }

  #arrived(side: Side, key: number, sequence: number): void {
    const message = this.#open.get(key)
    if (!message || message.seen[side]) {
      this.tally.doubled += 1
      return
    }
    this.#checkOrder(side, message.from, key, sequence)
    message.seen[side] = true
    if (side !== message.from && message.timed) this.tally.latencies.push(performance.now() - message.at)
    if (!(message.seen[0] && message.seen[1])) return
    this.#open.delete(key)
    this.tally.received += 1
    this.completed()
  }

  /** Each sender's messages arrive as they were sent, and all of them in the order of the conversation. */
  #checkOrder(side: Side, from: Side, key: number, sequence: number): void {
    const before = this.#sequences[side]
    const follows = this.gapless && before > 0 ? sequence === before + 1 : sequence > before
    if (!follows || key < this.#keys[side][from]) this.tally.outOfOrder += 1
    this.#sequences[side] = sequence
    this.#keys[side][from] = key
  }
}
