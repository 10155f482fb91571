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
   * only allowed when `mayPassOver` is true; that lane's inputs are then done again, alone.
   */
  readonly run: (inputs: readonly Input[], mayPassOver: boolean) => Promise<readonly (Output | undefined)[]>
  readonly largestBatch: number
  /** How many batches are under way at once. While they are, what comes in gathers: the busier, the larger the batches. */
  readonly parallel: number
}

/**
 * Gathers concurrent inputs into batches. The inputs of one key are a lane: they are done in the order in which they
 * were submitted, and the next ones wait until those before them are settled. No timer: a lone input starts at once.
 */
export class Lanes<Input, Output> {
  private readonly lanes = new Map<string, Lane<Input, Output>>()
  private readonly ready = new Set<Lane<Input, Output>>()
  private underWay = 0

  constructor(private readonly options: LaneOptions<Input, Output>) {}

  submit(input: Input): Promise<Output> {
    return new Promise((resolve, reject) => {
      const key = this.options.keyOf(input)
      let lane = this.lanes.get(key)
      if (!lane) {
        lane = { key, queue: [], isBusy: false }
        this.lanes.set(key, lane)
      }
      lane.queue.push({ input, resolve, reject })
      if (!lane.isBusy) this.ready.add(lane)
      // Whatever arrives in this turn of the event loop goes along.
      if (this.underWay < this.options.parallel) setImmediate(() => this.pump())
    })
  }

  private pump(): void {
    while (this.underWay < this.options.parallel && this.ready.size > 0) {
      const taken = new Map<Lane<Input, Output>, Waiting<Input, Output>[]>()
      let room = this.options.largestBatch
      for (const lane of this.ready) {
        if (room === 0) break
        const items = lane.queue.splice(0, room)
        room -= items.length
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
    let outputs: readonly (Output | undefined)[]
    try {
      outputs = await this.options.run(
        items.map((item) => item.input),
        taken.size > 1,
      )
    } catch (error) {
      // One bad input fails its whole batch: alone, each gets its own answer.
      if (items.length === 1) for (const item of items) item.reject(error)
      outputs = []
    }
    let index = 0
    for (const [lane, own] of taken) {
      const answers = own.map(() => outputs[index++])
      if (items.length > 1 && answers.includes(undefined)) void this.doAlone(lane, own, answers)
      else {
        own.forEach((item, i) => {
          const answer = answers[i]
          if (answer !== undefined) item.resolve(answer)
        })
        this.free(lane)
      }
    }
  }

  private async doAlone(
    lane: Lane<Input, Output>,
    items: Waiting<Input, Output>[],
    answers: readonly (Output | undefined)[],
  ): Promise<void> {
    for (const [index, item] of items.entries()) {
      const answer = answers[index]
      try {
        const [output] = answer === undefined ? await this.options.run([item.input], false) : [answer]
        if (output === undefined) throw new Error('a lane’s only input was passed over')
        item.resolve(output)
      } catch (error) {
        item.reject(error)
      }
    }
    this.free(lane)
  }

  private free(lane: Lane<Input, Output>): void {
    lane.isBusy = false
    if (lane.queue.length > 0) this.ready.add(lane)
    else this.lanes.delete(lane.key)
    this.pump()
  }
}
