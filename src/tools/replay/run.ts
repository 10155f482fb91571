import type { Dialogue } from '../mts-dialog/parse.js'
import { type Outcome, play, type Stage } from './dialogue.js'
import { describe } from './socket.js'

export interface Played {
  readonly dialogue: Dialogue
  /** Undefined when the dialogue broke off; `brokenBy` then says why. */
  readonly outcome: Outcome | undefined
  readonly brokenBy: string | undefined
}

export interface Watcher {
  onTurn(): void
  onDialogue(): void
}

/** Plays `pairs` dialogues at a time, until `signal` says stop. One that breaks off does not stop the others. */
export async function run(
  stage: Stage,
  dialogues: readonly Dialogue[],
  pairs: number,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<Played[]> {
  const played: Played[] = []
  const waiting = dialogues.values()
  const worker = async () => {
    for (const dialogue of waiting) {
      if (signal.aborted) return
      try {
        const outcome = await play(stage, dialogue, () => watcher.onTurn())
        played.push({ dialogue, outcome, brokenBy: undefined })
      } catch (error) {
        played.push({ dialogue, outcome: undefined, brokenBy: describe(error) })
      }
      watcher.onDialogue()
    }
  }
  await Promise.all(Array.from({ length: pairs }, worker))
  return played
}
