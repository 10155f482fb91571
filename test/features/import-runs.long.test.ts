import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '../../src/platform/free-port.js'
import { createLog } from '../../src/platform/log.js'
import { openServices } from '../../src/tools/import/services.js'
import { complaintsOf, environmentOf, startImport } from '../support/import-command.js'
import { expectedOf, filesThere, seenBy, syntheticFile } from '../support/import-mts.js'
import { faultsOf } from '../support/invariants.js'
import { ParleyProcess, until } from '../support/parley-process.js'
import { countRows } from '../support/rows.js'
import { World } from '../support/world.js'

const worlds: World[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]()
})

async function newWorld(): Promise<World> {
  const world = await World.start()
  worlds.push(world)
  return world
}

async function runImport(world: World, file: string): Promise<string> {
  const command = startImport(environmentOf(world), file)
  expect([await command.exitCode(), complaintsOf(command)]).toEqual([0, ''])
  return command.stdout
}

const messageCount = async (world: World) =>
  (await world.sql<{ count: number }>('SELECT count(*)::int AS count FROM messages WHERE is_imported'))[0]
    ?.count ?? 0

/** Everything of a file as its doctor sees it, and as the file has it. */
async function expectAll(world: World, file: string): Promise<void> {
  const seen = await seenBy(world, file)
  const name = basename(file, '.csv')
  const expected = await expectedOf(file)
  expect(
    [...seen]
      .map(([patient, { bodies, kind, events, unreadCount }]) => ({
        patient,
        bodies,
        kind,
        isEnded:
          events.at(-1) === 'HISTORY_IMPORTED' && events.filter((event) => event !== null).length === 1,
        unreadCount,
      }))
      .sort((a, b) => (a.patient < b.patient ? -1 : 1)),
  ).toEqual(
    expected
      .map(({ id, bodies, isGroup }) => ({
        patient: `mts-${name}-${id}`,
        bodies,
        kind: isGroup ? 'GROUP' : 'DIRECT',
        isEnded: true,
        unreadCount: 0,
      }))
      .sort((a, b) => (a.patient < b.patient ? -1 : 1)),
  )
}

describe('files of MTS-Dialog', () => {
  it('page back byte for byte, and a second run adds nothing', async () => {
    const world = await newWorld()
    for (const file of filesThere) {
      const [rate] = (await runImport(world, file)).match(/^\d+ messages in .*$/m) ?? []
      console.log(`${basename(file)}: ${rate}`)
      const [, messages, perSecond] = /^(\d+) .* (\d+)\/s$/.exec(rate ?? '') ?? []
      // Far below what two quiet cores do; what is short tells nothing.
      if (Number(messages) > 5000) expect(Number(perSecond)).toBeGreaterThan(300)
      await expectAll(world, file)
    }
    const before = await countRows(world)
    for (const file of filesThere) expect(await runImport(world, file)).toContain('messages: 0 added')
    expect(await countRows(world)).toEqual(before)
    expect(await faultsOf(world)).toEqual([])
  })

  it('come to the same end when the import is killed on its way, again and again', async () => {
    const world = await newWorld()
    const [file = syntheticFile] = filesThere
    const total = (await expectedOf(file)).reduce((sum, { bodies }) => sum + bodies.length, 0)
    for (const share of [0.01, 0.3, 0.6, 0.9]) {
      const command = startImport(environmentOf(world), file)
      const [enough, over] = [total * share, command.exitCode().then(() => true)]
      await until(
        async () => (await messageCount(world)) > enough || (await Promise.race([over, false])),
        'messages',
      )
      await command.end('SIGKILL')
    }
    await runImport(world, file)
    await expectAll(world, file)
    expect(await messageCount(world)).toBe(total)
    expect(await faultsOf(world)).toEqual([])
  })

  it('stop at Ctrl-C, and go on when run again', async () => {
    const world = await newWorld()
    const [file = syntheticFile] = filesThere
    const command = startImport(environmentOf(world), file)
    await until(async () => (await messageCount(world)) > 0, 'messages')
    const code = await command.end('SIGINT')
    // The made-up file is through before anybody could press a key.
    if (code !== 0) {
      expect(code).toBe(130)
      expect(command.stdout).toContain('Stopped. Run the same command again')
    }
    await runImport(world, file)
    await expectAll(world, file)
  })

  it('are imported by one at a time', async () => {
    const world = await newWorld()
    await using first = await openServices(
      world.services().config,
      createLog({ level: 'error', pretty: true }),
    )
    const second = startImport(environmentOf(world), syntheticFile)
    expect(await second.exitCode()).toBe(2)
    expect(second.stderr).toBe('Another import runs on this database. Wait until it has ended.\n')
    expect(first.context.requestId).toMatch(/^import-/)
  })
})

describe('with nothing configured', () => {
  it('imports beside the Parley that runs, and without one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'parley-import-'))
    const env = { PARLEY_DATA_DIR: directory, PARLEY_SEED: 'none', PORT: String(await freePort()) }
    const parley = ParleyProcess.start(env)
    const clusters = new Set<string>()
    try {
      await until(
        async () => (await fetch(`http://127.0.0.1:${env.PORT}/readyz`).catch(() => null))?.ok,
        'readyz',
      )
      for (const [, data] of parley.stderr.matchAll(/data="([^"]+)"/g)) if (data) clusters.add(data)
      const beside = startImport(env, syntheticFile)
      expect([await beside.exitCode(), complaintsOf(beside)]).toEqual([0, ''])
      expect(beside.stdout).toContain('messages: 23 added')
      expect(await parley.end('SIGTERM')).toBe(0)
      const alone = startImport(env, syntheticFile)
      expect([await alone.exitCode(), complaintsOf(alone)]).toEqual([0, ''])
      expect(alone.stdout).toContain('messages: 0 added, 23 there already, 0 refused')
    } finally {
      await parley.end('SIGKILL')
      for (const data of clusters) await rm(dirname(data), { recursive: true, force: true })
      await rm(directory, { recursive: true, force: true })
    }
  })
})
