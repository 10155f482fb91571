import { sleep } from './children.js'
import { PairLedger, Tally } from './ledger.js'
import { type Line, type Listener, type Side, sides } from './line.js'

export type OpenLine = (pair: number, side: Side, listener: Listener) => Promise<Line>

/** Someone who sends when told; nothing else is known about the server behind it. */
class Pair {
  readonly ledger: PairLedger
  #lines: readonly Line[] = []
  #turn: Side = 0

  constructor(tally: Tally, gapless: boolean, completed: (pair: Pair) => void) {
    this.ledger = new PairLedger(tally, gapless, () => completed(this))
  }

  async connect(index: number, open: OpenLine): Promise<void> {
    this.#lines = await Promise.all(sides.map((side) => open(index, side, this.ledger.listener(side))))
  }

  /** The two take turns. */
  send(): void {
    const side = this.#turn
    this.#turn = side === 0 ? 1 : 0
    this.#lines[side]?.send(this.ledger.open(side))
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()))
  }
}

/** All the pairs of one run on one server. */
export class Load {
  readonly tally = new Tally()
  readonly #pairs: Pair[] = []
  #feeding = false
  #timer: NodeJS.Timeout | undefined

  static async connect(pairs: number, gapless: boolean, open: OpenLine): Promise<Load> {
    const load = new Load()
    for (let index = 0; index < pairs; index += 1) {
      const pair = new Pair(load.tally, gapless, (completed) => load.#feeding && completed.send())
      await pair.connect(index, open)
      load.#pairs.push(pair)
    }
    return load
  }

  /** Each pair keeps `inFlight` messages under way: as fast as the server goes. */
  startClosed(inFlight: number): void {
    this.#feeding = true
    for (const pair of this.#pairs) for (let count = 0; count < inFlight; count += 1) pair.send()
  }

  /** So many a second whatever the server does: an answer that is late holds nothing up. */
  startFixed(perSecond: number): void {
    const began = performance.now()
    let count = 0
    this.#timer = setInterval(() => {
      const due = ((performance.now() - began) / 1000) * perSecond
      for (; count < due; count += 1) this.#pairs[count % this.#pairs.length]?.send()
    }, 1)
  }

  /** Stops sending, and waits for what is under way. */
  async stop(seconds = 15): Promise<void> {
    this.#feeding = false
    clearInterval(this.#timer)
    const deadline = performance.now() + seconds * 1000
    while (!this.tally.settled && performance.now() < deadline) await sleep(10)
  }

  async close(): Promise<void> {
    await Promise.all(this.#pairs.map((pair) => pair.close()))
  }
}
