import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPrograms } from './build.js'
import { brokenForm, brokenOnes, longForm, shortForm } from './forms.js'
import { detailsOf, reportOf } from './report.js'
import { type RunOptions, runDelivery } from './run.js'
import { faultsIn } from './verdict.js'

const usage = `npm run test:faults -- [options]     two nodes, PostgreSQL and Redis, and a fault every two seconds

  --long          10,000 messages and each kind of fault twice at least (or FAULTS=long)
  --seed N        what is done, again (or FAULTS_SEED=N); when it meets the program is not the same
  --hints on|off  only with Redis, or only without; both, one after the other, unless told
  --kind NAME     only faults of this kind; may be given again
  --broken NAME   ${Object.keys(brokenOnes).join(', ')}: a delivery that is broken on purpose
  --details       what happened when, and what the nodes logged
  --logs DIR      keeps what the nodes logged there`

const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: process.env.FAULTS === 'long' },
    seed: { type: 'string', default: process.env.FAULTS_SEED ?? String(Date.now() % 1_000_000) },
    hints: { type: 'string' },
    kind: { type: 'string', multiple: true },
    broken: { type: 'string' },
    details: { type: 'boolean', default: false },
    logs: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const { broken, hints } = values
  const seed = Number(values.seed)
  const isKnown = broken === undefined || broken in brokenOnes
  if (
    values.help ||
    !isKnown ||
    !Number.isInteger(seed) ||
    (hints !== undefined && !/^(on|off)$/.test(hints))
  ) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  await using programs = await buildPrograms()
  const form = broken === undefined ? (values.long ? longForm : shortForm) : brokenForm
  const program = broken === undefined ? programs.main : programs.broken(broken)
  const kinds = values.kind ?? (broken === undefined ? undefined : brokenForm.kinds)
  for (const hasRedis of hints === undefined ? [true, false] : [hints === 'on']) {
    console.log(`${hasRedis ? 'With hints through Redis' : 'Without hints: only the sweep'}, seed ${seed}`)
    const options: RunOptions = { ...form, program, hasRedis, seed, say: (line) => console.log(line) }
    const summary = await runDelivery(kinds === undefined ? options : { ...options, kinds })
    console.log(reportOf(summary))
    for (const { name, text } of values.logs === undefined ? [] : summary.nodes)
      writeFileSync(
        join(values.logs ?? '.', `${name.replace(' ', '-')}-${hasRedis ? 'hints' : 'sweep'}.log`),
        text,
      )
    const isWrong = faultsIn(summary).length > 0
    if (values.details || (isWrong && broken === undefined)) console.log(detailsOf(summary))
    if (isWrong) process.exitCode = 1
  }
}

// Ctrl-C ends the children, too: they are ended when the process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await main()
// What a library left open must not keep it alive.
process.exit()
