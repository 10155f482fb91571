import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The programs of the nodes, compiled: the real one and those that are broken on purpose. */
export interface Programs extends AsyncDisposable {
  readonly main: string
  readonly broken: (name: string) => string
}

/**
 * Compiles the program as it stands, into a place of this run's own: a node starts in a third of the time that it takes through
 * tsx, and a restarted one is what it was before, whatever happens to the sources meanwhile.
 */
export async function buildPrograms(): Promise<Programs> {
  // Below node_modules, so that packages are found from there.
  const cache = join(root, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'parley-faults-'))
  const project = fileURLToPath(new URL('tsconfig.nodes.json', import.meta.url))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const removeNow = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeNow)
  const remove = async () => {
    process.off('exit', removeNow)
    await rm(directory, { recursive: true, force: true })
  }
  const main = join(directory, 'src', 'main.js')
  try {
    await run(process.execPath, [compiler, '-p', project, '--outDir', directory])
  } catch (error) {
    // It is written out in spite of types that do not fit, which another check is for.
    if (!existsSync(main)) {
      await remove()
      throw new Error('the program does not compile', { cause: error })
    }
  }
  // What the program looks for one level above its sources.
  for (const name of ['package.json', 'prisma']) await symlink(join(root, name), join(directory, name))
  return {
    main,
    broken: (name) => join(directory, 'test', 'faults', 'delivery', 'broken', `${name}.js`),
    [Symbol.asyncDispose]: remove,
  }
}
