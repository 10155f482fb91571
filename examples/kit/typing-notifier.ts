/** Tells others that somebody types, no more often than it must be repeated. */
export class TypingNotifier {
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(
    private readonly tell: (isTyping: boolean) => void,
    private readonly resendSeconds: number,
  ) {}

  /** Call it at every keystroke. */
  keystroke(): void {
    const now = Date.now()
    if (now - this.#toldAt < this.resendSeconds * 1000) return
    this.#toldAt = now
    this.tell(true)
  }

  /** The field lost the focus, or was emptied. */
  stop(): void {
    if (this.#toldAt === Number.NEGATIVE_INFINITY) return
    this.sent()
    this.tell(false)
  }

  /** The message was sent: the server knows that this ends it. */
  sent(): void {
    this.#toldAt = Number.NEGATIVE_INFINITY
  }
}
