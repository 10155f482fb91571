import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWithRedis } from '../support/cluster.js'
import { buildPrograms, type Programs } from './delivery/build.js'
import { brokenForm, brokenOnes, longForm, shortForm } from './delivery/forms.js'
import { detailsOf, reportOf } from './delivery/report.js'
import { type RunOptions, runDelivery } from './delivery/run.js'
import type { Summary } from './delivery/summary.js'
import { faultsIn } from './delivery/verdict.js'

const form = process.env.FAULTS === 'long' ? longForm : shortForm
const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000)
const timeout = process.env.FAULTS === 'long' ? 1_800_000 : 300_000

let programs: Programs
beforeAll(async () => {
  programs = await buildPrograms()
})
afterAll(async () => {
  await programs[Symbol.asyncDispose]()
})

/** Runs it, and prints what it came to: the zeros say little without what they are out of. */
async function run(options: Omit<RunOptions, 'say' | 'seed'>): Promise<Summary> {
  const summary = await runDelivery({ ...options, seed, say: () => {} })
  console.log(`seed ${seed}\n${reportOf(summary)}`)
  return summary
}

describeWithRedis('nothing is lost, doubled or out of order, whatever fails', () => {
  test(
    'with hints through Redis',
    async () => {
      const summary = await run({ ...form, program: programs.main, hasRedis: true })
      expect(faultsIn(summary), detailsOf(summary)).toEqual([])
      expect(summary.said).toBeGreaterThanOrEqual(form.sends)
      expect(Math.min(...summary.faults.counts.values())).toBeGreaterThanOrEqual(form.rounds)
    },
    timeout,
  )

  test.each(Object.entries(brokenOnes))(
    'the checker finds what is wrong with a delivery that is %s',
    async (name, count) => {
      const summary = await run({ ...brokenForm, program: programs.broken(name), hasRedis: true })
      expect(summary.findings[count]).toBeGreaterThan(0)
    },
    timeout,
  )
})

describe('with hints switched off', () => {
  test(
    'nothing is lost, doubled or out of order, whatever fails',
    async () => {
      const summary = await run({ ...form, program: programs.main, hasRedis: false })
      expect(faultsIn(summary), detailsOf(summary)).toEqual([])
    },
    timeout,
  )
})
