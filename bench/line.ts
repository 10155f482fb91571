/** Which of the two people of a pair: 0 the patient, 1 the doctor. */
export type Side = 0 | 1

export const sides: readonly [Side, Side] = [0, 1]

/** One person's live connection to the server under test, whichever server that is. */
export interface Line {
  /** Sends message number `key` of the pair; the number comes back in the body. */
  send(key: number): void
  close(): Promise<void>
}

/** What a line tells about: a message of the pair that arrived, or something that must not happen. */
export interface Listener {
  arrived(key: number, sequence: number): void
  /** The sender was told that one of its messages is stored. */
  answered(): void
  fault(reason: string): void
}

const words =
  'I took the second dose this morning with food as you said; the fever is down, the cough is still there.'

/** About a hundred letters, what people write to their doctor, the number in front. */
export function bodyOf(key: number): string {
  return `${key} ${words}`
}

export function keyOf(body: string): number {
  return Number.parseInt(body, 10)
}
