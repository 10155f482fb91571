import { type Script, turnsIn } from '../mts-dialog/parse.js'
import type { Watcher } from './run.js'

/** A bar that redraws itself on a terminal; elsewhere a line for every tenth of the dialogues. */
export function progress(out: NodeJS.WriteStream, script: Script): Watcher {
  const [dialogues, turns] = [script.dialogues.length, turnsIn(script)]
  let [played, said] = [0, 0]
  const counts = () => `${played}/${dialogues} dialogues, ${said}/${turns} turns`
  const draw = () => {
    const filled = Math.round((30 * said) / Math.max(turns, 1))
    out.write(`\r${'█'.repeat(filled)}${'░'.repeat(Math.max(30 - filled, 0))} ${counts()}`)
  }
  const isTenth = () => Math.floor((10 * played) / dialogues) > Math.floor((10 * (played - 1)) / dialogues)
  return {
    onTurn() {
      said++
      if (out.isTTY) draw()
    },
    onDialogue() {
      played++
      if (out.isTTY) draw()
      if (out.isTTY ? played === dialogues : isTenth()) out.write(out.isTTY ? '\n' : `${counts()}\n`)
    },
  }
}
