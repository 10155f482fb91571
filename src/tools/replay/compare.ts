import type { Message } from './operations.js'

export interface Said {
  readonly speaker: string
  readonly body: string | null
}

/** Turn by turn, speaker and words, byte for byte: one line for every turn that is not as in the file. */
export function differences(file: readonly Said[], seen: readonly Said[]): string[] {
  const found: string[] = []
  for (let index = 0; index < Math.max(file.length, seen.length); index++) {
    const [wanted, got] = [file[index], seen[index]]
    if (wanted?.speaker === got?.speaker && wanted?.body === got?.body) continue
    found.push(`turn ${index + 1} is ${show(got)} instead of ${show(wanted)}`)
  }
  return found
}

const show = (said: Said | undefined) => (said ? `${said.speaker} ${JSON.stringify(said.body)}` : 'nothing')

/** In a stream and in a history messages come in the order of their sequence. */
export function isInOrder(messages: readonly Message[]): boolean {
  return messages.every((message, index) => {
    const before = messages[index - 1]
    return before === undefined || before.sequence < message.sequence
  })
}
