import { ApolloClient } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { describe, expect, test } from 'vitest'
import { createCache } from '../../examples/apollo/cache.js'
import { followTyping } from '../../examples/apollo/signals.js'
import { StartDocument } from '../../examples/generated/graphql.js'
import { closeCode, request } from '../../examples/kit/connection.js'
import { Ended, Refusal } from '../../examples/kit/errors.js'
import { type Copy, Follower, type FollowerState } from '../../examples/kit/follower.js'
import { LocalCopy } from '../../examples/kit/local-copy.js'
import { Outbox, type Waiting } from '../../examples/kit/outbox.js'
import { Patience } from '../../examples/kit/patience.js'
import { Signals } from '../../examples/kit/signals.js'
import { MemoryStorage, Saved } from '../../examples/kit/storage.js'
import { type Reply, ScriptedServer } from '../support/kit-server.js'
import { type ConversationView, cutTo } from '../support/kit-view.js'

const update = (cursor: string, __typename: string): Reply => ({
  data: { updates: { cursor, viewerUnreadCount: 0, conversation: null, change: { __typename } } },
  isLast: false,
})
const refused = (code: string): Reply => ({ errors: [{ message: 'no', extensions: { code } }] })

/** A promise, and what settles it. */
function deferred() {
  let resolve = () => {}
  let reject = (_: Error) => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** A follower of a copy that holds nothing: what it fetches and takes in goes as these say. */
async function follow(server: ScriptedServer, { refetch, apply }: Partial<Copy<null>> = {}) {
  const states: string[] = []
  const follower = await Follower.start<null>({
    client: server.client(),
    copy: {
      refetch: refetch ?? (async () => 'fetched'),
      apply: apply ?? (() => {}),
      extract: () => null,
      restore: () => {},
    },
    saved: new Saved(new MemoryStorage(), 'copy'),
    patience: server.patience,
    acknowledge: async () => {},
    onArrival: () => {},
    onState: (state: FollowerState, reason?: Error) =>
      states.push(reason instanceof Ended ? `${state}: ${reason.message}` : state),
  })
  return { follower, states }
}

/** What `attempt` gives, but the times that are named fail with INTERNAL. */
function failingAt<T>(times: readonly number[], attempt: () => T): () => Promise<T> {
  let count = 0
  return async () => {
    count += 1
    if (times.includes(count)) throw new Refusal('INTERNAL', 'Something went wrong.')
    return attempt()
  }
}

describe('the follower', () => {
  test.each([1009, 1011, 4409, 4429, 4500])('follows again after a close with %i', async (close) => {
    await using server = await ScriptedServer.start((_, nth) =>
      nth === 1 ? { close } : update('next', 'CaughtUp'),
    )
    const { follower, states } = await follow(server)
    await expect.poll(() => states).toEqual(['live'])
    expect([server.count('Updates'), server.waits]).toEqual([2, [0]])
    await follower.stop()
  })

  test.each([4400, 4401, 4406])('ends with a close with %i', async (close) => {
    await using server = await ScriptedServer.start(() => ({ close }))
    const { states } = await follow(server)
    await expect.poll(() => states).toEqual([`ended: The socket closed with ${close}.`])
    expect([server.count('Updates'), server.waits]).toEqual([1, []])
  })

  test('fetches once more when the server fails after a StreamReset', async () => {
    await using server = await ScriptedServer.start(() => update('reset', 'StreamReset'))
    let fetched = 0
    const refetch = failingAt([2, 3], () => {
      fetched += 1
      return 'fetched'
    })
    const { follower, states } = await follow(server, { refetch })
    await expect.poll(() => fetched).toBe(2)
    expect([states, server.waits]).toEqual([[], [0, 1]])
    await follower.stop()
  })

  test('takes an update in once more when what it fetches fails', async () => {
    await using server = await ScriptedServer.start(() => update('sent', 'MessageSent'))
    let applied = 0
    const apply = failingAt([1, 2], () => {
      applied += 1
    })
    const { follower } = await follow(server, { apply })
    await expect.poll(() => applied).toBe(1)
    expect(server.waits).toEqual([0, 1])
    await follower.stop()
  })

  test('waits longer each time while its cursor is refused', async () => {
    await using server = await ScriptedServer.start(() => refused('INVALID_INPUT'))
    const { follower } = await follow(server)
    await expect.poll(() => server.count('Updates')).toBeGreaterThan(4)
    expect(server.waits.slice(0, 4)).toEqual([0, 1, 2, 3])
    await follower.stop()
  })
})

describe('signals', () => {
  test('begin anew whenever they end, with the shortest wait; what is refused for good is left', async () => {
    const typing = { conversationId: 'here', conversation: { id: 'here', typists: [] } }
    await using server = await ScriptedServer.start((name) =>
      name === 'Typing' ? { data: { typing }, isLast: true } : refused('INVALID_INPUT'),
    )
    const signals = new Signals(server.client(), server.patience)
    signals.followPresence(Array.from({ length: 101 }, (_, index) => `${index}`))
    signals.followTyping()
    await expect.poll(() => server.count('Typing')).toBeGreaterThan(4)
    signals.stop()
    expect([server.count('Presence'), new Set(server.waits)]).toEqual([1, new Set([0])])
  })

  test('of Apollo come back after a close that graphql-ws gives up at, and end with one that is final', async () => {
    await using server = await ScriptedServer.start((name, nth) =>
      name === 'Typing' ? { close: nth === 1 ? 1011 : 4401 } : { data: {}, isLast: true },
    )
    const socket = server.client()
    const client = new ApolloClient({ cache: createCache(), link: new GraphQLWsLink(socket) })
    const closes: unknown[] = []
    socket.on('closed', (event) => closes.push(closeCode(event)))
    const stop = followTyping(client, socket, 1)
    await expect.poll(() => closes).toEqual([1011, 4401])
    // Each takes longer than it would wait.
    for (let each = 0; each < 10; each++) await request(socket, StartDocument, {})
    expect(server.count('Typing')).toBe(2)
    stop()
  })

  test('wait longer each time while the server fails', async () => {
    await using server = await ScriptedServer.start(() => refused('INTERNAL'))
    const signals = new Signals(server.client(), server.patience)
    signals.followTyping()
    await expect.poll(() => server.count('Typing')).toBeGreaterThan(4)
    signals.stop()
    expect(server.waits.slice(0, 4)).toEqual([0, 1, 2, 3])
  })
})

describe('what is asked while everything is fetched anew', () => {
  const edge = (sequence: number) => ({ cursor: `at ${sequence}`, node: { id: `${sequence}`, sequence } })
  const page = (from: number, to: number) => ({
    edges: Array.from({ length: to - from + 1 }, (_, index) => edge(from + index)),
    pageInfo: { hasPreviousPage: from > 1, startCursor: `at ${from}` },
  })
  const start = (newest: number, endCursor: string) => ({
    viewer: { updateCursor: 'now', unreadCount: 0 },
    conversations: {
      edges: [{ node: { id: 'here', messages: page(newest - 1, newest), participants: null } }],
      pageInfo: { hasNextPage: true, endCursor },
    },
    serverInfo: {},
  })

  test('is dropped when it does not go on from what is here now', async () => {
    const answer = deferred()
    await using server = await ScriptedServer.start(async (name, nth) => {
      if (name === 'Start') return { data: start(nth * 10, `list ${nth}`), isLast: true }
      if (nth === 1) await answer.promise
      const conversations = {
        edges: [{ node: { id: `older ${nth}`, lastActivityAt: '' } }],
        pageInfo: { hasNextPage: false },
      }
      const messages = nth === 1 ? page(7, 8) : page(17, 18)
      const data = name === 'OlderMessages' ? { conversation: { id: 'here', messages } } : { conversations }
      return { data, isLast: true }
    })
    const client = server.client()
    const copy = new LocalCopy((document, variables) => request(client, document, variables))
    const held = () => [
      copy.conversation('here')?.page?.edges.map(({ node }) => node.sequence),
      copy.conversation('older 1') ?? null,
      copy.hasMore,
    ]
    await copy.refetch()
    const late = [copy.fetchOlder('here'), copy.fetchMore()]
    await copy.refetch()
    answer.resolve()
    await Promise.all(late)
    expect(held()).toEqual([[19, 20], null, true])
    await Promise.all([copy.fetchOlder('here'), copy.fetchMore()])
    expect(held()).toEqual([[17, 18, 19, 20], null, false])
    await client.dispose()
  })
})

test('a message that could not be stored is not sent by those before it, and is not left in the storage', async () => {
  const [sending, storing] = [deferred(), deferred()]
  const memory = new MemoryStorage()
  const store = new Saved<readonly Waiting[]>(
    {
      getItem: (key) => memory.getItem(key),
      setItem: async (key, text) => {
        if (text.includes('two') && !text.includes('three')) await storing.promise
        memory.setItem(key, text)
      },
      removeItem: (key) => memory.removeItem(key),
    },
    'outbox',
  )
  const sent: unknown[] = []
  const outbox = await Outbox.open({
    saved: store,
    patience: new Patience(() => 1),
    send: async ({ body }) => {
      sent.push(body)
      await sending.promise
    },
  })
  const add = (body: string) => outbox.add({ conversationId: 'here', clientMessageId: body, body })
  await add('one')
  // The stream is before the answer.
  await outbox.remove('one')
  const two = add('two')
  const three = add('three')
  sending.resolve()
  await new Promise(setImmediate)
  expect(sent).toEqual(['one'])
  storing.reject(new Error('full'))
  await expect(two).rejects.toThrow('full')
  await three
  await expect.poll(() => outbox.waiting).toEqual([])
  expect(sent).toEqual(['one', 'three'])
  await expect.poll(() => store.load()).toEqual([])
})

describe('views that are compared', () => {
  const view = (from: number, to: number) => {
    const messages = Array.from({ length: to - from + 1 }, (_, index) => ({ sequence: from + index }))
    const conversation: ConversationView = {
      line: { id: 'here', lastReadSequence: null, isMarkedUnread: false },
      participants: [],
      pins: [],
      messages,
      hasOlder: from > 1,
    }
    return { unread: 0, unreadConversations: 0, privacy: {}, blocked: [], conversations: [conversation] }
  }

  test.each([
    ['a page and all of it', view(1, 100), view(76, 100), true],
    ['less than a page and all of it', view(1, 100), view(77, 100), false],
    ['the newest message and all of it', view(1, 3), view(3, 3), false],
    ['all of it, twice', view(1, 3), view(1, 3), true],
  ])('%s', (_, one, other, isEqual) => {
    const [cut, otherCut] = [cutTo(one, other), cutTo(other, one)]
    if (isEqual) expect(cut).toEqual(otherCut)
    else expect(cut).not.toEqual(otherCut)
  })
})
