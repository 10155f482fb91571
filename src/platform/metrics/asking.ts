const abandonedMilliseconds = 10_000

/**
 * A question that many may ask and that may remain without an answer: one at a time is under way, whoever asks waits for
 * it as long as their patience lasts, and an answer stands for so long. Never rejects; null: there is no answer now.
 */
export class Asking<Answer> {
  private underWay: { readonly answer: Promise<Answer | null>; readonly since: number } | null = null
  private latest: { readonly answer: Answer; readonly at: number } | null = null

  constructor(
    private readonly ask: () => Promise<Answer>,
    private readonly patienceMilliseconds: number,
    private readonly freshMilliseconds = 0,
  ) {}

  async answer(): Promise<Answer | null> {
    const now = performance.now()
    if (this.latest && now - this.latest.at < this.freshMilliseconds) return this.latest.answer
    // What a lost connection never answers is asked anew.
    const { underWay } = this
    const isWorthWaiting = underWay !== null && now - underWay.since < abandonedMilliseconds
    return within(this.patienceMilliseconds, isWorthWaiting ? underWay.answer : this.begin(now))
  }

  private begin(now: number): Promise<Answer | null> {
    const asked = { answer: this.askOnce(), since: now }
    this.underWay = asked
    void asked.answer.then(() => {
      if (this.underWay === asked) this.underWay = null
    })
    return asked.answer
  }

  private async askOnce(): Promise<Answer | null> {
    try {
      const answer = await this.ask()
      this.latest = { answer, at: performance.now() }
      return answer
    } catch {
      return null
    }
  }
}

async function within<Answer>(milliseconds: number, answer: Promise<Answer | null>): Promise<Answer | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
