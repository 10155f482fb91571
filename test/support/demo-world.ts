import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoExplorer } from '../../src/demo/explorer/tabs.js'
import { seedDemo } from '../../src/demo/seed.js'
import { World } from './world.js'

/** A World whose people and dialogues are the demo's, as an unconfigured start has them. */
export interface DemoWorld extends AsyncDisposable {
  readonly world: World
}

export async function startDemoWorld(): Promise<DemoWorld> {
  // Of its own: whoever seeds leaves a marker there meanwhile.
  const directory = await mkdtemp(join(tmpdir(), 'parley-demo-'))
  const world = await World.start({
    // Nobody is there from the start, or nothing would be seeded.
    env: { SERVICE_SUBJECTS: '', ADMIN_SUBJECTS: '', PARLEY_DATA_DIR: directory },
    overrides: { seed: seedDemo, explorer: demoExplorer },
  })
  return {
    world,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
