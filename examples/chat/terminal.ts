import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

/** Lines in, lines out. In a real terminal the prompt stays below what is printed; over pipes there is none. */
export class Terminal {
  readonly #lines: Interface
  /** From the start: what is entered while there is no connection yet is not lost. */
  readonly #entered: AsyncIterable<string>
  readonly #isInteractive: boolean

  constructor(
    private readonly input: Readable & { isTTY?: boolean },
    private readonly output: Writable,
  ) {
    this.#isInteractive = input.isTTY === true
    this.#lines = createInterface({ input, ...(this.#isInteractive ? { output } : {}), prompt: '> ' })
    this.#entered = this.#lines[Symbol.asyncIterator]()
  }

  /** Prints one line; where the text has several, they become one. */
  print(text: string): void {
    const line = printable(text)
    if (!this.#isInteractive) {
      this.output.write(`${line}\n`)
      return
    }
    this.output.write(`\r\u001b[K${line}\n`)
    this.#lines.prompt(true)
  }

  /** What stands before the cursor. */
  setPrompt(text: string): void {
    const prompt = printable(text)
    if (!this.#isInteractive || prompt === this.#lines.getPrompt()) return
    this.#lines.setPrompt(prompt)
    this.#lines.prompt(true)
  }

  get isInteractive(): boolean {
    return this.#isInteractive
  }

  /** Calls back for every key, or, over a pipe, for every piece of a line that does not end it. */
  onTyping(listener: () => void): void {
    const isCommand = () => this.#lines.line.startsWith('/')
    if (this.#isInteractive) this.input.on('keypress', () => isCommand() || listener())
    else this.input.on('data', (text: Buffer) => text.toString().endsWith('\n') || listener())
  }

  /** The lines as they are entered, until the input ends. What was typed is taken off the screen again. */
  async *lines(): AsyncGenerator<string> {
    if (this.#isInteractive) this.#lines.prompt()
    for await (const line of this.#entered) {
      if (this.#isInteractive) this.output.write('\u001b[A\r\u001b[K')
      yield line
      if (this.#isInteractive) this.#lines.prompt(true)
    }
  }

  close(): void {
    this.#lines.close()
  }
}

/** What others write, names and titles too, must not move the cursor, recolour the screen or look like another line. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ')
}
