import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../src/platform/free-port.js'
import { until } from './parley-process.js'

const run = promisify(execFile)

/** A rule as Prometheus has read it. */
export interface Rule {
  readonly name: string
  readonly query: string
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

interface Answer<Data> {
  readonly status: 'success' | 'error'
  readonly data?: Data
  readonly error?: string
}

/** Series of an instant query: their labels and values. */
export type Vector = readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[]

/** PROMETHEUS_PATH, or the first on the PATH. */
function findPrometheus(): string {
  const { PROMETHEUS_PATH, PATH = '' } = process.env
  const places = PATH.split(delimiter).map((folder) => join(folder, 'prometheus'))
  const found = PROMETHEUS_PATH ?? places.find(isExecutable)
  if (!found || !isExecutable(found))
    throw new Error('Prometheus is missing: `apt-get install prometheus`, or give PROMETHEUS_PATH.')
  return found
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A Prometheus of our own, which scrapes these nodes every half second under the job `parley`. */
export class Prometheus implements AsyncDisposable {
  private constructor(
    private readonly url: string,
    private readonly end: () => Promise<void>,
  ) {}

  static async start(targets: readonly string[], rulesFile: string): Promise<Prometheus> {
    const path = findPrometheus()
    const folder = await mkdtemp(join(tmpdir(), 'parley-prometheus-'))
    const config = join(folder, 'prometheus.json')
    // JSON is YAML.
    await writeFile(
      config,
      JSON.stringify({
        global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '5s' },
        rule_files: [rulesFile],
        scrape_configs: [{ job_name: 'parley', static_configs: [{ targets }] }],
      }),
    )
    const address = `127.0.0.1:${await freePort()}`
    const child = spawn(
      path,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    const exited = once(child, 'exit')
    const end = async () => {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    }
    const url = `http://${address}`
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`Prometheus ended: ${said}`)
        return (await fetch(`${url}/-/ready`).catch(() => null))?.ok
      },
      () => `Prometheus; it said ${said}`,
    )
    return new Prometheus(url, end)
  }

  /** An instant query. Rejects, with what Prometheus says, for an expression that is not valid. */
  query(expression: string): Promise<Vector> {
    return this.get<{ result: Vector }>(`query?query=${encodeURIComponent(expression)}`).then(
      ({ result }) => result,
      (error: unknown) => {
        throw new Error(`${expression}: ${error instanceof Error ? error.message : String(error)}`)
      },
    )
  }

  /** The rules of its rule files. */
  async rules(): Promise<Rule[]> {
    const { groups } = await this.get<{ groups: { rules: Rule[] }[] }>('rules')
    return groups.flatMap(({ rules }) => rules)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end()
  }

  private async get<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.url}/api/v1/${path}`)
    const { data, error }: Answer<Data> = JSON.parse(await response.text())
    if (!data) throw new Error(error ?? `status ${response.status}`)
    return data
  }
}

/** Runs promtool, which comes with Prometheus; rejects, with what it says, unless it is content. */
export async function promtool(...args: string[]): Promise<void> {
  await run(join(dirname(findPrometheus()), 'promtool'), args)
}
