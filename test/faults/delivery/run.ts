import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Api } from './api.js'
import { type Cast, makeCast } from './cast.js'
import { type Account, check } from './check.js'
import { brokenRules, conversationOf, headsOf, keptMessages, rowsOf, viewerOf } from './evidence.js'
import { Ground } from './ground.js'
import { kindsFor } from './kinds/all.js'
import { Random } from './random.js'
import { positionOf, Receiver } from './receiver.js'
import { runFaults } from './schedule.js'
import { Sender, type SendTally } from './sender.js'
import { type Summary, summarise } from './summary.js'
import { transports } from './transports.js'

export interface RunOptions {
  /** What the nodes run. */
  readonly program: string
  readonly hasRedis: boolean
  readonly seed: number
  /** How often each kind of fault comes at least, and how much is said at least. */
  readonly rounds: number
  readonly sends: number
  /** Only these kinds; all of them unless told. */
  readonly kinds?: readonly string[]
  /** See Form. */
  readonly pauseMilliseconds: number
  readonly betweenMilliseconds: number
  /** Told of what goes on. */
  readonly say: (line: string) => void
}

/** What comes without being sent by anybody (receipts that are told together) may take so long. */
const quietMilliseconds = 3000
/** What has not come by then, with nothing new in the streams, does not come any more. */
const patienceMilliseconds = 10_000

/**
 * The whole: people write and follow while one fault after the other comes; when the last one is healed nothing new is said, and
 * once the streams are at rest everything is compared.
 */
export async function runDelivery(options: RunOptions): Promise<Summary> {
  const { say, seed } = options
  const begunAt = performance.now()
  const random = new Random(seed)
  await using ground = await Ground.start(options)
  const api = new Api(ground)
  const cast = await makeCast(api)
  say(`  ${cast.senders.length} senders, ${cast.receivers.length} receivers, ${ground.nodes.length} nodes`)

  const tally: SendTally = { attempts: 0, unknown: 0, replayed: 0, codes: new Map() }
  const receivers = await makeReceivers(api, cast, random)
  const starts = await startingPoints(api, cast)
  const senders = cast.senders.map((person) => new Sender(api, person, random.branch(), tally))
  const silenced = new AbortController()
  const ended = new AbortController()
  // Many listen to each.
  setMaxListeners(0, silenced.signal, ended.signal)
  const following = Promise.all(receivers.map((receiver) => receiver.run(ended.signal)))
  const sending = Promise.all(senders.map((sender) => sender.run(silenced.signal, options.pauseMilliseconds)))
  const said = () => senders.flatMap((sender) => sender.said)

  const notes = new Map<string, number>()
  const note = (what: string) => notes.set(what, (notes.get(what) ?? 0) + 1)
  const kinds = kindsFor(options.hasRedis).filter(({ name }) => options.kinds?.includes(name) ?? true)
  const faults = await runFaults(
    { ground, api: new Api(ground, 'past the proxies'), cast, random: random.branch(), note },
    {
      kinds,
      rounds: options.rounds,
      betweenMilliseconds: options.betweenMilliseconds,
      isEnough: () => said().length >= options.sends,
      onRound: (round) =>
        say(`  each kind of fault came ${round} times, ${said().length} messages were said`),
    },
  )
  for (const receiver of receivers) receiver.isAcknowledging = false
  silenced.abort()
  await sending
  say(`  the last fault is healed, ${said().length} messages were said; waiting for what is on its way`)
  await comeToRest(ground, cast, receivers)
  ended.abort()
  await following
  const mute = await muteNodes(api, cast)

  const accounts: Account[] = []
  for (const [index, receiver] of receivers.entries()) {
    const start = starts[index]
    if (!start) throw new Error('a receiver without a start')
    const { person, transportName: transport, received } = receiver
    const startPosition = positionOf(receiver.start)
    accounts.push({
      person,
      transport,
      received,
      startPosition,
      startSequences: start,
      rows: await rowsOf(ground, person, startPosition),
      conversations: await Promise.all(person.conversationIds.map((id) => conversationOf(api, person, id))),
      unread: (await viewerOf(api, person)).unread,
    })
  }
  const checked = check(said(), await keptMessages(ground), accounts)
  const rules = await brokenRules(ground)
  for (const node of ground.nodes) await node.stop()
  return summarise({
    ...checked,
    mute,
    rules,
    said: said(),
    tally,
    accounts,
    receivers,
    faults,
    notes,
    ground,
    begunAt,
  })
}

/** The nodes that, with everything healed, do not answer a simple question. */
async function muteNodes(api: Api, cast: Cast): Promise<string[]> {
  const mute: string[] = []
  const { name = '' } = cast.senders[0] ?? {}
  for (let node = 0; node < api.nodeCount; node++) {
    const outcome = await api.ask(name, node, '{ viewer { unreadCount } }')
    if (outcome.kind !== 'data') mute.push(`node ${node}: ${JSON.stringify(outcome)}`)
  }
  return mute
}

async function makeReceivers(api: Api, cast: Cast, random: Random): Promise<Receiver[]> {
  const receivers: Receiver[] = []
  for (const [index, person] of cast.receivers.entries()) {
    const transport = transports[index % transports.length]
    if (!transport) throw new Error('no transport')
    const { cursor } = await viewerOf(api, person)
    receivers.push(new Receiver(api, person, transport.name, transport.follow, random.branch(), cursor))
  }
  return receivers
}

/** The last sequence of each conversation of each receiver, before anything is said. */
function startingPoints(api: Api, cast: Cast): Promise<Map<string, number>[]> {
  return Promise.all(
    cast.receivers.map(async (person) => {
      const states = await Promise.all(person.conversationIds.map((id) => conversationOf(api, person, id)))
      return new Map(states.map(({ id, messages }) => [id, messages.at(-1)?.sequence ?? 0]))
    }),
  )
}

/** Until the streams stand still and everybody has all of theirs, or nothing comes any more. */
async function comeToRest(ground: Ground, cast: Cast, receivers: readonly Receiver[]): Promise<void> {
  let former = ''
  let stillSince = performance.now()
  for (;;) {
    const heads = await headsOf(ground, cast.receivers)
    const ends = receivers.map(({ received }) => received.at(-1)?.position ?? 0)
    const now = JSON.stringify([[...heads], ends])
    if (now !== former) stillSince = performance.now()
    former = now
    const still = performance.now() - stillSince
    const hasAll = receivers.every(({ person, start }, index) => {
      const head = heads.get(person.rowId) ?? 0
      return (ends[index] ?? 0) >= head || positionOf(start) >= head
    })
    if (still > (hasAll ? quietMilliseconds : patienceMilliseconds)) return
    await sleep(200)
  }
}
