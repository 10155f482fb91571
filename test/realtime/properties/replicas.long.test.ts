import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { knownKinds } from '../../../src/features/stream/kinds.js'
import { redisUrl } from '../../support/cluster.js'
import { faultsOf } from '../../support/invariants.js'
import { openApolloScreen, openKitScreen } from '../../support/kit-screens.js'
import { dice } from '../../support/kit-steps.js'
import { type View, wholeView } from '../../support/kit-view.js'
import { World } from '../../support/world.js'
import { neverRefused, nextOperation, perform, type Stage, type Verb, verbNames } from './operations.js'

/** The same one repeats a run: PARLEY_SEED=… Only what overlaps may then overlap otherwise. */
const seed = Number(process.env.PARLEY_SEED ?? Date.now() % 1_000_000)
const times = 2000
const atOnce = 4
const timesBetweenLooks = 200

async function setStage(world: World): Promise<Stage> {
  const people = []
  for (const role of ['DOCTOR', 'DOCTOR', 'PATIENT', 'PATIENT', 'STAFF', 'CAREGIVER'] as const)
    people.push(await world.person(role))
  const [doctor, second, patient, other, staff, caregiver] = people
  if (!doctor || !second || !patient || !other || !staff || !caregiver) throw new Error('six people')
  await world.appointment(patient, doctor)
  await world.appointment(other, second)
  await world.appointment(other, doctor)
  const conversationIds = [
    await doctor.open(patient),
    await second.open(other),
    await world.group(doctor, [second, staff, caregiver, patient], patient),
    await world.group(second, [doctor, staff, caregiver, other], other),
    await world.group(doctor, [second, staff, caregiver]),
  ]
  const { id } = await doctor.send(conversationIds[0] ?? '', 'before anybody listens')
  const messages = [{ id, conversationId: conversationIds[0] ?? '', isUrgent: false }]
  const devices = []
  for (const person of people) {
    devices.push(await openKitScreen(person.at(0)))
    // A doctor, a patient and the caregiver use Apollo on the other one.
    const open = [doctor, other, caregiver].includes(person) ? openApolloScreen : openKitScreen
    devices.push(await open(person.at(1)))
  }
  return { world, people, devices, conversationIds, messages, reactions: [], pins: [], outcomes: new Map() }
}

/** What is due on a device: of each conversation as many of the newest messages as it holds, unless it says that these are all. */
function dueOn(held: View, whole: View): View {
  return {
    ...whole,
    conversations: whole.conversations.map((conversation, index) => {
      const { hasOlder, messages } = held.conversations[index] ?? { hasOlder: false, messages: [] }
      const from = hasOlder ? Math.max(0, conversation.messages.length - messages.length) : 0
      return { ...conversation, hasOlder, messages: conversation.messages.slice(from) }
    }),
  }
}

/** Waits until the background work is done and every device holds what a fresh client fetches. */
async function compare({ world, people, devices }: Stage): Promise<void> {
  await expect
    .poll(() => world.sql('SELECT 1 FROM graphile_worker._private_jobs LIMIT 1'), { timeout: 20_000 })
    .toEqual([])
  const deadline = Date.now() + 20_000
  for (;;) {
    const isLate = Date.now() > deadline
    const whole = new Map<string, View>()
    for (const person of people) whole.set(person.id, await wholeView(person))
    const pairs = devices.map((device) => {
      const held = device.view()
      return { name: device.name, held, due: dueOn(held, whole.get(device.person.id) ?? held) }
    })
    if (pairs.every(({ held, due }) => isDeepStrictEqual(held, due))) break
    // What differs shows where it stands.
    if (isLate) for (const { name, held, due } of pairs) expect({ [name]: held }).toEqual({ [name]: due })
    await sleep(100)
  }
  expect(await faultsOf(world)).toEqual([])
}

async function kindsTold(world: World): Promise<string[]> {
  const rows = await world.sql<{ kind: string }>('SELECT DISTINCT kind::text AS kind FROM updates')
  return rows.map(({ kind }) => kind).sort()
}

const wasDone = ({ outcomes }: Stage, verb: Verb) => outcomes.has(`${verb}: done`)
const wasRefused = ({ outcomes }: Stage, verb: Verb) =>
  neverRefused.includes(verb) ||
  [...outcomes.keys()].some((outcome) => outcome.startsWith(`${verb}: `) && outcome !== `${verb}: done`)

test(`after 2,000 random operations every device’s copy equals what a fresh client fetches (PARLEY_SEED=${seed})`, {
  timeout: 300_000,
}, async () => {
  const redis = redisUrl()
  await using world = await World.start({ nodes: 2, ...(redis === null ? {} : { redisUrl: redis }) })
  const stage = await setStage(world)
  const asked = stage.devices.map(({ network }) => network.count('Start'))
  const roll = dice(seed)
  await compare(stage)
  for (let done = 0; done < times; done += atOnce) {
    const operations = Array.from({ length: atOnce }, () => nextOperation(roll))
    await Promise.all(operations.map((operation) => perform(stage, operation)))
    if (done % timesBetweenLooks === 0) await compare(stage)
  }
  // Chance leaves out a rare outcome now and then.
  const missing = () => verbNames.filter((verb) => !wasDone(stage, verb) || !wasRefused(stage, verb))
  for (let more = 0; more < 500; more++) {
    if (missing().length === 0 && (await kindsTold(world)).length === knownKinds.length) break
    // Nothing reopens, or is edited or deleted, that was not closed or said before.
    const verbs: readonly Verb[] = [...missing(), 'send', 'add', 'remove', 'setRole', 'close', 'reopen']
    await perform(stage, nextOperation(roll, verbs[roll(verbs.length)]))
  }
  await compare(stage)
  expect(missing()).toEqual([])
  // What was so already is a success too; but each change was made, and told.
  expect(await kindsTold(world)).toEqual([...knownKinds].sort())
  // From updates alone: nobody fetched anything anew.
  expect(stage.devices.map(({ network }) => network.count('Start'))).toEqual(asked)
  for (const device of stage.devices) await device.close()
})
