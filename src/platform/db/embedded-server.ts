import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.js'
import type { Binaries } from './embedded-binaries.js'
import { childOptions, type EmbeddedLog } from './embedded-cluster.js'
import { stopProcess } from './embedded-postmaster.js'
import type { Place } from './embedded-user.js'

export type Server = { pid: number; port: number; stop(): Promise<void>; killNow(): void }

type ServerOptions = {
  log: EmbeddedLog
  settings: Readonly<Record<string, string>>
  onLine: ((line: string) => void) | undefined
}

// No statement and no row of anybody in the log, and no socket file: the loopback port is the only way in.
const ownSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

// Somebody may take the port before PostgreSQL does, and the processes of a postmaster that was killed hold
// its shared memory for a moment longer.
const worthAnotherTry = /Address already in use|could not create any TCP|shared memory block/i
const attempts = 20

/** Starts the postmaster of a prepared cluster; resolves once it accepts connections, within 60 s. */
export async function startServer(place: Place, binaries: Binaries, options: ServerOptions): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    try {
      return await launch(place, binaries, options, port)
    } catch (error) {
      const again = error instanceof Error && worthAnotherTry.test(error.message)
      if (!again || attempt === attempts) throw error
      await sleep(200)
    }
  }
}

async function launch(
  place: Place,
  binaries: Binaries,
  options: ServerOptions,
  port: number,
): Promise<Server> {
  const settings = Object.entries({ ...options.settings, ...ownSettings, port: String(port) })
  const args = ['-D', place.data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const child = spawn(binaries.postgres, args, {
    ...childOptions(place),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await ready(child, options.onLine)
  const { pid } = child
  if (pid === undefined) throw new Error('PostgreSQL has no process id')
  let stopping: Promise<void> | undefined
  const killNow = () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    stopping ??= Promise.resolve()
    child.kill('SIGQUIT')
  }
  child.once('exit', (code, signal) => {
    if (stopping === undefined) options.log.error({ code, signal }, 'PostgreSQL has ended by itself')
  })
  return { pid, port, killNow, stop: () => (stopping ??= stop(child, pid)) }
}

async function stop(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await stopProcess(pid)
}

function ready(child: ChildProcess, onLine: ((line: string) => void) | undefined): Promise<void> {
  const { stderr } = child
  if (stderr === null) return Promise.reject(new Error('PostgreSQL has no log'))
  return new Promise((resolve, reject) => {
    const last: string[] = []
    const timer = setTimeout(() => {
      child.kill('SIGQUIT')
      reject(new Error(`not ready after 60 s: ${last.join(' ')}`))
    }, 60_000)
    const settle = () => clearTimeout(timer)
    createInterface({ input: stderr }).on('line', (line) => {
      onLine?.(line)
      last.push(line)
      if (last.length > 10) last.shift()
      if (!line.includes('ready to accept connections')) return
      settle()
      resolve()
    })
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('close', (code, signal) => {
      settle()
      reject(new Error(`PostgreSQL ended (${code ?? signal}): ${last.join(' ')}`))
    })
  })
}
