import { ServiceUnavailableError } from '../errors.js'
import { Semaphore } from './semaphore.js'

/** How many lanes wait for somebody else’s locks at once, each on a connection. */
const mostWaiting = 6
/** How many inputs are worth a batch beside one that is under way, and how long they wait to become so many. */
const gathered = 16
const lateMilliseconds = 10
/** Of one lane; beyond, inputs are refused at once. */
const longestQueue = 1000

interface Waiting<Input, Output> {
  readonly input: Input
  readonly resolve: (output: Output) => void
  readonly reject: (error: unknown) => void
}

interface Lane<Input, Output> {
  readonly key: string
  readonly queue: Waiting<Input, Output>[]
  isBusy: boolean
}

export interface LaneOptions<Input, Output> {
  readonly keyOf: (input: Input) => string
  /**
   * Does a batch at once and answers in its order. `undefined` means passed over (locked by somebody else), which is
   * only allowed when `mayPassOver` is true; that lane's inputs are then done again, without the other lanes.
   */
  readonly run: (inputs: readonly Input[], mayPassOver: boolean) => Promise<readonly (Output | undefined)[]>
  readonly largestBatch: number
  /** How many batches are under way at once. While they are, what comes in gathers: the busier, the larger the batches. */
  readonly parallel: number
}

/**
 * Gathers concurrent inputs into batches. The inputs of one key are a lane: they are done in the order in which they
 * were submitted, and the next ones wait until those before them are settled. A lone input starts at once.
 */
export class Lanes<Input, Output> {
  private readonly lanes = new Map<string, Lane<Input, Output>>()
  private readonly ready = new Set<Lane<Input, Output>>()
  private underWay = 0
  /** Inputs that wait in lanes. */
  private count = 0
  private late: NodeJS.Timeout | null = null
  private readonly waiting = new Semaphore(mostWaiting)

  constructor(private readonly options: LaneOptions<Input, Output>) {}

  submit(input: Input): Promise<Output> {
    return new Promise((resolve, reject) => {
      const key = this.options.keyOf(input)
      let lane = this.lanes.get(key)
      if (!lane) {
        lane = { key, queue: [], isBusy: false }
        this.lanes.set(key, lane)
      }
      if (lane.queue.length >= longestQueue) {
        reject(new ServiceUnavailableError())
        return
      }
      lane.queue.push({ input, resolve, reject })
      if (!lane.isBusy) this.ready.add(lane)
      this.count += 1
      // Whatever arrives in this turn of the event loop goes along.
      if (this.underWay === 0 || this.count >= gathered) setImmediate(() => this.pump())
      else this.late ??= setTimeout(() => this.pump(true), lateMilliseconds)
    })
  }

  /** A second batch starts beside the first once it is worth it, or the first one takes long. */
  private pump(isLate = false): void {
    if (this.late) clearTimeout(this.late)
    this.late = null
    while (this.ready.size > 0 && this.underWay < this.options.parallel) {
      if (this.underWay > 0 && this.count < gathered && !isLate) {
        this.late = setTimeout(() => this.pump(true), lateMilliseconds)
        return
      }
      const taken = new Map<Lane<Input, Output>, Waiting<Input, Output>[]>()
      let room = this.options.largestBatch
      for (const lane of this.ready) {
        if (room === 0) break
        const items = lane.queue.splice(0, room)
        room -= items.length
        this.count -= items.length
        lane.isBusy = true
        this.ready.delete(lane)
        taken.set(lane, items)
      }
      this.underWay += 1
      void this.doBatch(taken).finally(() => {
        this.underWay -= 1
        this.pump()
      })
    }
  }

  private async doBatch(taken: Map<Lane<Input, Output>, Waiting<Input, Output>[]>): Promise<void> {
    const items = [...taken.values()].flat()
    let outputs: readonly (Output | undefined)[] = []
    let failure: unknown
    try {
      outputs = await this.options.run(inputsOf(items), true)
    } catch (error) {
      failure = error
    }
    let index = 0
    for (const [lane, own] of taken) {
      const left = own.filter((item) => {
        const output = outputs[index++]
        if (output !== undefined) item.resolve(output)
        return output === undefined
      })
      if (left.length === 0) this.free(lane)
      else if (isAway(failure)) {
        for (const item of left) item.reject(failure)
        this.free(lane)
      } else void this.doAlone(lane, left)
    }
  }

  /** Waits for what somebody else holds, beside the batches and not in their way. The lane is held meanwhile. */
  private async doAlone(lane: Lane<Input, Output>, items: readonly Waiting<Input, Output>[]): Promise<void> {
    await this.waiting.enter()
    try {
      await this.settle(items)
    } finally {
      this.waiting.leave()
      this.free(lane)
    }
  }

  /** One bad input fails its whole batch: then each gets an answer of its own. */
  private async settle(items: readonly Waiting<Input, Output>[]): Promise<void> {
    try {
      const outputs = await this.options.run(inputsOf(items), false)
      items.forEach((item, index) => {
        const output = outputs[index]
        if (output === undefined) item.reject(new Error('an input was passed over that may not be'))
        else item.resolve(output)
      })
    } catch (error) {
      if (items.length === 1 || isAway(error)) for (const item of items) item.reject(error)
      else for (const item of items) await this.settle([item])
    }
  }

  private free(lane: Lane<Input, Output>): void {
    lane.isBusy = false
    if (lane.queue.length > 0) this.ready.add(lane)
    else this.lanes.delete(lane.key)
    this.pump()
  }
}

function inputsOf<Input, Output>(items: readonly Waiting<Input, Output>[]): Input[] {
  return items.map((item) => item.input)
}

/** Whether trying again, alone, is pointless: not for what only waited for a lock too long. */
function isAway(error: unknown): boolean {
  return error instanceof ServiceUnavailableError && !error.isContended
}
