import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acquireInstanceLock } from '../../src/platform/instance-lock.js'
import { processStart } from '../../src/platform/process-identity.js'
import { StartupError } from '../../src/platform/startup-error.js'

const address = 'http://127.0.0.1:4000'
let directory: string
let file: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-lock-'))
  file = join(directory, 'parley.pid')
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function holder(): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'))
}

test('names the process and its address, and is gone after release', async () => {
  const lock = await acquireInstanceLock(directory, address)
  expect(await holder()).toMatchObject({ pid: process.pid, address })
  await lock.release()
  await lock.release()
  expect(await readdir(directory)).toEqual([])
})

test('a living Parley is named in one line', async () => {
  await using _lock = await acquireInstanceLock(directory, address)
  const refusal = await acquireInstanceLock(directory, 'http://127.0.0.1:4001').catch(
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(StartupError)
  expect(refusal).toHaveProperty('message', expect.stringMatching(new RegExp(`^.*${address}.*$`)))
})

test('what a dead process left is taken over', async () => {
  const child = spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  await writeFile(file, JSON.stringify({ pid: child.pid, address, started: null }))
  await using _lock = await acquireInstanceLock(directory, address)
  expect(await holder()).toMatchObject({ pid: process.pid })
})

test.runIf(process.platform === 'linux')('a process id that was given to another is taken over', async () => {
  const parent = await processStart(process.ppid)
  await writeFile(file, JSON.stringify({ pid: process.ppid, address, started: `${parent}0` }))
  await using _lock = await acquireInstanceLock(directory, address)
  expect(await holder()).toMatchObject({ pid: process.pid })
})

test.each(['', '{', '{"pid":"x"}'])('an unreadable file is taken over: %j', async (content) => {
  await writeFile(file, content)
  await using _lock = await acquireInstanceLock(directory, address)
  expect(await holder()).toMatchObject({ pid: process.pid })
})

test('of several that take a dead lock over at once one gets it', async () => {
  for (let round = 0; round < 20; round += 1) {
    await writeFile(file, '')
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => acquireInstanceLock(directory, `${address}/${index}`)),
    )
    const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(locks).toHaveLength(1)
    await locks[0]?.release()
  }
  expect(await readdir(directory)).toEqual([])
})

test('a lock that somebody else has taken over is not released', async () => {
  const lock = await acquireInstanceLock(directory, address)
  await writeFile(file, '{"pid":1}')
  await lock.release()
  expect(await readFile(file, 'utf8')).toBe('{"pid":1}')
})
