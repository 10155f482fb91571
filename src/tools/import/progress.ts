const width = 30
const redrawMs = 100
const lineMs = 5_000

/** A bar with rate and time left that redraws itself on a terminal; elsewhere a line every five seconds. */
export class Progress {
  private readonly began = performance.now()
  private drawnAt = 0
  private isDrawn = false

  constructor(private readonly out: NodeJS.WriteStream) {}

  update(share: number, messages: number): void {
    const now = performance.now()
    if (now - this.drawnAt < (this.out.isTTY ? redrawMs : lineMs)) return
    // Whoever reads a log need not be told of a short run.
    if (!this.out.isTTY && this.drawnAt === 0 && now - this.began < lineMs) return
    this.drawnAt = now
    const seconds = (now - this.began) / 1000
    const left = share > 0 ? (seconds * (1 - share)) / share : 0
    const text = `${Math.floor(share * 100)}%, ${messages} messages, ${Math.round(messages / seconds)}/s, ${clock(left)} left`
    if (!this.out.isTTY) {
      this.out.write(`${text}\n`)
      return
    }
    const filled = Math.round(width * share)
    this.out.write(`\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${text}`)
    this.isDrawn = true
  }

  /** Takes the bar away, so that something else can be written. */
  clear(): void {
    if (this.isDrawn) this.out.write('\r\x1b[K')
    this.isDrawn = false
  }
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
