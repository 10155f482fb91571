import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'

/** One line of a file that need not exist. */
type Statement = readonly [file: string, line: string]

let bindings = 0
const importing = (file: string, specifier: string): Statement => {
  bindings += 1
  return [file, `import { a${bindings} } from '${specifier}'`]
}

const allowed: readonly Statement[] = [
  importing('src/app.ts', './http/server.js'),
  importing('src/app.ts', './demo/seed.js'),
  importing('src/http/server.ts', '../graphql/schema.js'),
  importing('src/http/authenticate.ts', '../features/people/actions.js'),
  importing('src/graphql/schema.ts', '../features/messages/schema.js'),
  importing('src/graphql/schema.ts', '../features/messages/schema/inputs.js'),
  importing('src/graphql/schema.ts', 'graphql'),
  importing('src/graphql/context.ts', '../features/people/policy.js'),
  importing('src/features/messages/schema.ts', '../../graphql/builder.js'),
  importing('src/features/messages/schema.ts', '../../graphql/errors.js'),
  importing('src/features/messages/schema.ts', './schema/inputs.js'),
  importing('src/features/messages/schema-inputs.ts', '../../graphql/connections.js'),
  importing('src/features/messages/schema/inputs.ts', '../../../graphql/loaders.js'),
  importing('src/features/messages/schema/inputs.ts', '../actions.js'),
  importing('src/features/messages/schema/inputs.ts', '../schema.js'),
  importing('src/features/messages/actions.ts', '../people/policy.js'),
  importing('src/features/messages/actions.ts', '../../platform/db/types.js'),
  importing('src/features/messages/actions.ts', '../../errors.js'),
  importing('src/features/messages/actions.ts', '../../config.js'),
  importing('src/platform/log.ts', '../config.js'),
  importing('src/platform/jobs/worker.ts', 'node:http'),
  importing('src/platform/pubsub.ts', 'ioredis'),
  importing('src/platform/pubsub/redis.ts', 'graphql-redis-subscriptions'),
  importing('src/platform/db/client.ts', '../../generated/prisma/client.js'),
  importing('src/platform/db/client.ts', '@prisma/adapter-pg'),
  importing('src/tools/print-schema.ts', '../graphql/schema.js'),
  ['src/main.ts', 'void process.env'],
  ['src/platform/db/embedded-server.ts', 'void process.pid'],
  ['src/platform/process-identity.ts', 'void process.pid'],
  ['src/tools/print-schema.ts', 'void process.argv'],
  ['src/demo/seed.ts', 'void process.env'],
  ['vitest.config.ts', 'export default {}'],
  importing('test/faults/redis.test.ts', 'ioredis'),
]

const refused: readonly Statement[] = [
  importing('src/platform/log.ts', '../features/people/policy.js'),
  importing('src/platform/db/client.ts', '../../features/people/policy.js'),
  importing('src/platform/log.ts', '../graphql/context.js'),
  importing('src/platform/pubsub/redis.ts', '../../http/server.js'),
  importing('src/platform/log.ts', '../app.js'),
  importing('src/features/messages/actions.ts', '../../http/server.js'),
  importing('src/features/messages/schema.ts', '../../http/server.js'),
  importing('src/features/messages/actions.ts', '../../graphql/builder.js'),
  importing('src/features/messages/views.ts', '../../graphql/builder.js'),
  importing('src/features/messages/schema.ts', '../../graphql/schema.js'),
  importing('src/features/messages/schema/inputs.ts', '../../../graphql/limits.js'),
  importing('src/features/messages/schema.ts', '../people/schema.js'),
  importing('src/features/messages/schema.ts', '../people/schema-inputs.js'),
  importing('src/features/messages/schema/inputs.ts', '../../people/schema/inputs.js'),
  importing('src/features/messages/actions.ts', '../people/schema.js'),
  importing('src/features/messages/actions.ts', 'graphql'),
  importing('src/features/messages/actions-send.ts', 'graphql'),
  importing('src/features/messages/policy.ts', 'graphql'),
  importing('src/features/messages/policy.ts', '@pothos/core'),
  importing('src/features/messages/actions.ts', '../../demo/seed.js'),
  importing('src/graphql/context.ts', '../http/server.js'),
  importing('src/graphql/context.ts', '../features/messages/schema.js'),
  importing('src/graphql/schema.ts', '../http/server.js'),
  importing('src/http/server.ts', '../features/messages/schema.js'),
  importing('src/http/server.ts', '../app.js'),
  importing('src/app.ts', './features/messages/schema.js'),
  importing('src/errors.ts', './platform/log.js'),
  importing('src/config.ts', './features/people/policy.js'),
  importing('src/app.ts', 'ioredis'),
  importing('src/http/limits.ts', 'ioredis'),
  importing('src/features/signals/presence.ts', 'ioredis'),
  importing('src/platform/db/client.ts', 'ioredis'),
  importing('src/platform/jobs/worker.ts', 'graphql-redis-subscriptions'),
  importing('src/app.ts', './generated/prisma/client.js'),
  importing('src/features/messages/actions.ts', '../../generated/prisma/client.js'),
  importing('src/platform/pubsub/redis.ts', '../../generated/prisma/client.js'),
  importing('src/platform/jobs/worker.ts', '@prisma/client'),
  importing('src/features/messages/actions.ts', 'node:process'),
  ['src/app.ts', 'void process.env'],
  ['src/platform/db/embedded-server.ts', 'void process.env'],
  ['src/platform/db/client.ts', 'void process.pid'],
  ['src/config.ts', 'void process.env.PORT'],
  ['src/platform/log.ts', 'void process.argv'],
  ['src/features/messages/actions.ts', "export { a } from '../people/schema.js'"],
  ['src/features/messages/actions.ts', "void import('../../http/server.js')"],
  ['src/features/messages/actions.ts', "import type { A } from '../../graphql/context.js'"],
  ['src/app.ts', 'export default {}'],
]

const WALLS = new Set([
  'lint/style/noRestrictedImports',
  'lint/style/noRestrictedGlobals',
  'lint/style/noProcessEnv',
  'lint/style/noDefaultExport',
])

const report = z.object({
  diagnostics: z.array(
    z.object({
      category: z.string(),
      location: z.object({ path: z.string(), start: z.object({ line: z.number() }) }),
    }),
  ),
})

describe('import walls', () => {
  const root = join(import.meta.dirname, '../..')
  const scratch = mkdtempSync(join(tmpdir(), 'parley-walls-'))
  const files = new Map<string, string[]>()
  let found: { readonly category: string; readonly place: string }[]

  const placeOf = ([file, line]: Statement) => `${file}:${(files.get(file) ?? []).indexOf(line) + 1}`

  // All statements of a file stand in it together, so that Biome has to start only once.
  beforeAll(() => {
    for (const [file, line] of [...allowed, ...refused]) files.set(file, [...(files.get(file) ?? []), line])
    for (const [file, lines] of files) {
      mkdirSync(dirname(join(scratch, file)), { recursive: true })
      writeFileSync(join(scratch, file), `${lines.join('\n')}\n`)
    }
    writeFileSync(join(scratch, 'biome.json'), readFileSync(join(root, 'biome.json')))
    const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
    const options = ['--vcs-enabled=false', '--max-diagnostics=none', '--reporter=json']
    const run = spawnSync('node', [biome, 'lint', ...options, '.'], { cwd: scratch, encoding: 'utf8' })
    const { diagnostics } = report.parse(JSON.parse(run.stdout))
    found = diagnostics.map(({ category, location }) => ({
      category,
      place: `${location.path}:${location.start.line}`,
    }))
  })

  afterAll(() => rmSync(scratch, { recursive: true }))

  it('parses every statement', () => {
    expect(found.filter(({ category }) => !category.startsWith('lint/'))).toEqual([])
  })

  it.each(allowed)('lets %s say %s', (...statement) => {
    const place = placeOf(statement)
    expect(found.filter((each) => each.place === place && WALLS.has(each.category))).toEqual([])
  })

  it.each(refused)('refuses that %s says %s', (...statement) => {
    const place = placeOf(statement)
    expect(found.filter((each) => each.place === place && WALLS.has(each.category))).not.toEqual([])
  })
})
