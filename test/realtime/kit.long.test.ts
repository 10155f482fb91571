import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { redisUrl } from '../support/cluster.js'
import { openApolloScreen, openKitScreen, type Screen } from '../support/kit-screens.js'
import { dice, perform, type Stage, stepsOf } from '../support/kit-steps.js'
import { cutTo, freshView, type View, wholeView } from '../support/kit-view.js'
import { World } from '../support/world.js'

const seed = 20_261
/** Receipts are gathered: a device acknowledges at most so often. */
const acknowledgeMilliseconds = 300

async function setStage(world: World): Promise<Stage> {
  const { patient, doctor, conversationId: direct } = await world.pair(0, world.nodes.length - 1)
  const staff = await world.person('STAFF')
  const group = await world.group(doctor, [patient, staff], patient)
  // So that whoever is chosen first has something to edit.
  for (const person of [patient, doctor])
    for (const id of [direct, group]) await person.send(id, `before, by ${person.externalId}`)
  const screens = [
    await openKitScreen(doctor),
    await openApolloScreen(doctor),
    await openKitScreen(patient),
    await openApolloScreen(patient),
  ]
  return { world, doctor, patient, staff, direct, group, screens }
}

/** Whether it is worth asking the server: nothing is on its way, and the devices of each person agree. */
function isQuiet({ doctor, screens }: Stage, hidden: number): boolean {
  const views = screens.map((screen) => screen.view())
  const agree = (one: View | undefined, other: View | undefined) =>
    one && other && isDeepStrictEqual(cutTo(one, other, hidden), cutTo(other, one, hidden))
  const doctors = views.filter((_, index) => screens[index]?.person === doctor)
  const patients = views.filter((_, index) => screens[index]?.person !== doctor)
  const isSent = screens.every(({ outbox }) => outbox.waiting.every(({ failure }) => failure !== null))
  return isSent && agree(doctors[0], doctors[1]) === true && agree(patients[0], patients[1]) === true
}

/** Waits until each copy equals what a fresh client fetches: what it shows, or with all of its history. */
async function settle(stage: Stage, fetchView: typeof freshView, hidden: number): Promise<void> {
  const { doctor, patient, screens } = stage
  const deadline = Date.now() + 20_000
  for (;;) {
    const isLate = Date.now() > deadline
    if (isQuiet(stage, hidden) || isLate) {
      const [doctors, patients] = await Promise.all([fetchView(doctor), fetchView(patient)])
      const pairs = screens.map((screen) => {
        const held = screen.view()
        const due = screen.person === doctor ? doctors : patients
        return { name: screen.name, held: cutTo(held, due, hidden), due: cutTo(due, held, hidden) }
      })
      if (pairs.every(({ held, due }) => isDeepStrictEqual(held, due))) return
      if (isLate) for (const { name, held, due } of pairs) expect([name, held]).toEqual([name, due])
    }
    await sleep(20)
  }
}

/** No message may ever be shown twice, not for a moment. */
function watchForDoubles(stage: Stage): string[] {
  const doubles: string[] = []
  const look = (screen: Screen) => {
    for (const id of [stage.direct, stage.group]) {
      const bubbles = screen.bubbles(id)
      const bodies = bubbles.flatMap((bubble) =>
        bubble.state === 'sent' ? (bubble.message.body ?? []) : (bubble.waiting.input.body ?? []),
      )
      if (
        new Set(bodies).size < bodies.length ||
        new Set(bubbles.map(({ key }) => key)).size < bubbles.length
      )
        doubles.push(`${screen.name}: ${bodies.join(', ')}`)
    }
  }
  for (const screen of stage.screens) screen.onChange(() => look(screen))
  return doubles
}

test('through 200 steps four devices hold what a fresh one fetches, ask for nothing more, and show nothing twice', {
  timeout: 300_000,
}, async () => {
  const redis = redisUrl()
  await using world = await World.start({ nodes: 2, ...(redis === null ? {} : { redisUrl: redis }) })
  const stage = await setStage(world)
  const { screens } = stage
  const doubles = watchForDoubles(stage)
  /** How many messages were hidden since everything was last fetched. */
  let hidden = 0
  await settle(stage, wholeView, hidden)
  const roll = dice(seed)
  for (const [number, kind] of stepsOf(roll).entries()) {
    const before = screens.map(({ network }) => network.asked.length)
    const start = Date.now()
    if (kind === 'deleteForOneself') hidden += 1
    const due = await perform(stage, kind, number, roll, () => settle(stage, freshView, hidden))
    if (kind === 'reset') hidden = 0
    await settle(stage, number % 20 === 0 ? wholeView : freshView, hidden)
    const most = 2 + (Date.now() - start) / acknowledgeMilliseconds
    for (const [index, screen] of screens.entries()) {
      const asked = screen.network.asked.slice(before[index])
      const receipts = asked.filter((name) => name === 'MarkDelivered')
      const label = `${number} ${kind}: ${screen.name}`
      expect([label, tally(asked.filter((name) => name !== 'MarkDelivered'))]).toEqual([
        label,
        due.get(screen) ?? {},
      ])
      expect([label, receipts.length <= most]).toEqual([label, true])
    }
    expect(doubles).toEqual([])
  }
  await settle(stage, wholeView, hidden)
  for (const screen of screens) await screen.close()
})

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
