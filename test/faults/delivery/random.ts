/** Random numbers that a seed gives again: what is done is the same in each run, when it meets the program is not. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.between(0, from.length - 1)]
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }

  /** In another order. */
  shuffled<T>(from: readonly T[]): T[] {
    const all = [...from]
    for (let index = all.length - 1; index > 0; index--) {
      const other = this.between(0, index)
      const [a, b] = [all[index], all[other]]
      if (a === undefined || b === undefined) continue
      all[index] = b
      all[other] = a
    }
    return all
  }

  /** One of its own for somebody, so that what others draw does not move it. */
  branch(): Random {
    return new Random(this.between(0, 2 ** 32 - 1))
  }
}
