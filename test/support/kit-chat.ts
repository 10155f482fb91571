import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Person } from './person.js'
import { token } from './world.js'

const main = fileURLToPath(new URL('../../examples/chat/main.ts', import.meta.url))

/** The terminal chat as a process of its own, over plain pipes. */
export class ChatProcess {
  private text = ''
  private seen = 0
  private readonly closed: Promise<unknown[]>

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.text += chunk.toString()
      })
    }
    this.closed = once(child, 'close')
  }

  static async start(person: Person, store: string, args: readonly string[] = []): Promise<ChatProcess> {
    const bearer = await token(person.externalId)
    const url = person.world.url(person.node)
    const given = ['--as', person.externalId, '--url', url, '--token', bearer, '--store', store, ...args]
    return new ChatProcess(spawn(process.execPath, ['--import', 'tsx', main, ...given]))
  }

  /** Everything that was printed. */
  get all(): string {
    return this.text
  }

  write(text: string): void {
    this.child.stdin.write(text)
  }

  say(line: string): void {
    this.write(`${line}\n`)
  }

  /** Waits until something is printed after what was waited for before. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    await expect.poll(() => this.text.slice(this.seen), { timeout: 20_000 }).toMatch(pattern)
    const found = pattern.exec(this.text.slice(this.seen))
    if (!found) throw new Error('it was there a moment ago')
    this.seen += found.index + found[0].length
    return found
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }

  /** Waits for the end; gives the exit code, null where a signal ended it. */
  async exitCode(): Promise<unknown> {
    return (await this.closed)[0]
  }
}
