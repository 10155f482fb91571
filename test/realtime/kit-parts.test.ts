import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { SendMessageInput } from '../../examples/generated/graphql.js'
import { deliveryStateOf } from '../../examples/kit/delivery-state.js'
import { Ended, payloadOf, Refusal, Unreachable } from '../../examples/kit/errors.js'
import { Outbox, type Waiting } from '../../examples/kit/outbox.js'
import { backoff, Patience } from '../../examples/kit/patience.js'
import { MemoryStorage, Saved } from '../../examples/kit/storage.js'
import { Tokens } from '../../examples/kit/tokens.js'
import { TypingNotifier } from '../../examples/kit/typing-notifier.js'

const saved = () => new Saved<readonly Waiting[]>(new MemoryStorage(), 'outbox')
const input = (conversationId: string, body: string): SendMessageInput => ({
  conversationId,
  clientMessageId: body,
  body,
})

describe('the outbox', () => {
  /** An outbox whose server gives these answers in turn, then takes everything; and what it was sent. */
  async function outboxWith(answers: (Error | null)[], store = saved()) {
    const sent: string[] = []
    const outbox = await Outbox.open({
      saved: store,
      patience: new Patience(() => 1),
      send: async ({ body }) => {
        const answer = answers.shift()
        sent.push(`${body}: ${answer?.message ?? 'sent'}`)
        if (answer) throw answer
      },
    })
    return { outbox, sent }
  }

  test('tries again what may help, and holds back what comes after it in the conversation', async () => {
    const { outbox, sent } = await outboxWith([
      new Unreachable('away'),
      new Refusal('SERVICE_UNAVAILABLE', 'busy'),
      new Refusal('RATE_LIMITED', 'wait', 0.01),
    ])
    for (const body of ['one', 'two']) await outbox.add(input('here', body))
    await expect.poll(() => outbox.waiting).toEqual([])
    expect(sent).toEqual(['one: away', 'one: busy', 'one: wait', 'one: sent', 'two: sent'])
  })

  test('does not let one conversation hold back another', async () => {
    const { outbox, sent } = await outboxWith([new Refusal('RATE_LIMITED', 'wait', 60)])
    await outbox.add(input('here', 'one'))
    await outbox.add(input('there', 'two'))
    await expect.poll(() => outbox.waiting.map((waiting) => waiting.input.body)).toEqual(['one'])
    expect(sent).toEqual(['one: wait', 'two: sent'])
    outbox.stop()
  })

  test.each(['CONFLICT', 'NOT_FOUND', 'CANNOT_SEND', 'INVALID_INPUT', 'NEWER_THAN_THIS'])(
    'keeps what was refused with %s, goes on, and sends it when asked to',
    async (code) => {
      const { outbox, sent } = await outboxWith([new Refusal(code, 'no')])
      for (const body of ['one', 'two']) await outbox.add(input('here', body))
      await expect.poll(() => outbox.waiting).toMatchObject([{ input: { body: 'one' }, failure: code }])
      await outbox.retry('one')
      await expect.poll(() => outbox.waiting).toEqual([])
      expect(sent).toEqual(['one: no', 'two: sent', 'one: sent'])
    },
  )

  test('has stored everything before it sends it', async () => {
    const store = saved()
    const stored: unknown[] = []
    const outbox = await Outbox.open({
      saved: store,
      patience: new Patience(),
      send: async () => {
        stored.push(await store.load())
      },
    })
    await outbox.add(input('here', 'one'))
    await expect.poll(() => outbox.waiting).toEqual([])
    expect(stored).toMatchObject([[{ input: { body: 'one' }, failure: null }]])
    expect(await store.load()).toEqual([])
  })

  test('goes on past what may only be sent much later: a fourth urgent message holds nothing back', async () => {
    const { outbox, sent } = await outboxWith([new Refusal('RATE_LIMITED', '', 3600)])
    await outbox.add(input('here', 'urgent'))
    await outbox.add(input('here', 'routine'))
    await expect.poll(() => sent.at(-1)).toBe('routine: sent')
    expect(outbox.waiting).toMatchObject([{ input: { body: 'urgent' }, failure: 'RATE_LIMITED' }])
  })

  test('says nothing that could not be stored', async () => {
    const full = {
      getItem: () => null,
      setItem: () => Promise.reject(new Error('full')),
      removeItem: () => {},
    }
    const { outbox, sent } = await outboxWith([], new Saved(full, 'outbox'))
    await expect(outbox.add(input('here', 'one'))).rejects.toThrow('full')
    expect([outbox.waiting, sent]).toEqual([[], []])
  })

  test('leaves everything for the next time when the connection is over for good', async () => {
    const store = saved()
    const { outbox } = await outboxWith([new Ended('4401')], store)
    await outbox.add(input('here', 'one'))
    const { outbox: next, sent } = await outboxWith([], store)
    next.resume()
    await expect.poll(() => next.waiting).toEqual([])
    expect(sent).toEqual(['one: sent'])
    outbox.stop()
  })
})

describe('patience', () => {
  test('waits longer each time, half a minute at most, never all clients at once', () => {
    const waits = (attempt: number) => Array.from({ length: 200 }, () => backoff(attempt))
    for (const [attempt, longest] of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      const all = waits(attempt)
      expect(Math.min(...all)).toBeGreaterThanOrEqual(longest / 2)
      expect(Math.max(...all)).toBeLessThanOrEqual(longest)
      expect(new Set(all).size).toBeGreaterThan(100)
    }
  })

  test('ends at once when the network is back', async () => {
    const patience = new Patience(() => 3_600_000)
    let attempts = 0
    const done = patience.until(async () => {
      attempts += 1
      if (attempts < 3) throw new Unreachable('away')
      return attempts
    })
    await expect.poll(() => attempts).toBe(1)
    patience.wake()
    await expect.poll(() => attempts).toBe(2)
    patience.wake()
    expect(await done).toBe(3)
  })

  test('ends what waits, and whatever begins to', async () => {
    const patience = new Patience(() => 3_600_000)
    const away = () => Promise.reject(new Unreachable('away'))
    const waiting = patience.until(away)
    patience.end()
    await expect(waiting).rejects.toThrow(Ended)
    await expect(patience.until(away)).rejects.toThrow(Ended)
  })

  test('does not repeat what would fail again', async () => {
    const patience = new Patience(() => 1)
    for (const error of [new Refusal('FORBIDDEN', 'no'), new Ended('over'), new TypeError('a fault of ours')])
      await expect(patience.until(() => Promise.reject(error))).rejects.toBe(error)
  })
})

describe('tokens', () => {
  test('are fetched once for all who ask, and anew when the one in use is refused', async () => {
    let fetched = 0
    const tokens = new Tokens(async () => `token ${++fetched}`, new Patience())
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(['token 1', 'token 1'])
    // Two refusals of the same token: the second is old news.
    await Promise.all([tokens.refused('token 1'), tokens.refused('token 1')])
    expect(await tokens.get()).toBe('token 2')
    await tokens.refused('token 1')
    expect(await tokens.get()).toBe('token 2')
  })

  test('are asked for until somebody answers', async () => {
    let asked = 0
    const fetch = async () => {
      asked += 1
      if (asked < 3) throw new Error('the identity provider is away')
      return 'token'
    }
    expect(await new Tokens(fetch, new Patience(() => 1)).get()).toBe('token')
    expect(asked).toBe(3)
  })
})

describe('typing', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is told at the first key and every three seconds, and ended by stopping or sending', () => {
    const told: boolean[] = []
    const typing = new TypingNotifier((isTyping) => told.push(isTyping), 3)
    for (let key = 0; key < 40; key++) {
      typing.keystroke()
      vi.advanceTimersByTime(100)
    }
    expect(told).toEqual([true, true])
    typing.stop()
    typing.stop()
    expect(told).toEqual([true, true, false])
    typing.keystroke()
    typing.sent()
    typing.stop()
    typing.keystroke()
    expect(told).toEqual([true, true, false, true, true])
  })
})

test('a result is its payload, or a refusal, also of a kind that is yet to come', () => {
  const payload = { __typename: 'SendMessagePayload', messageEdge: 1 } as const
  expect(payloadOf(payload)).toBe(payload)
  const newer = {
    __typename: 'NewerError',
    code: 'NEWER',
    detail: 'Not today.',
    retryAfterSeconds: 2,
  } as const
  expect(() => payloadOf(newer)).toThrow(
    expect.objectContaining({ code: 'NEWER', message: 'Not today.', retryAfterSeconds: 2 }),
  )
})

describe('how far a message has come', () => {
  const user = (id: string) => ({
    __typename: 'User' as const,
    id,
    externalId: id,
    displayName: id,
    role: 'STAFF' as const,
    isActive: true,
  })
  const part = (id: string, delivered: number | null, read: number | null, joinedAt = '2026-01-01') => ({
    user: user(id),
    joinedAt,
    lastDeliveredSequence: delivered,
    lastReadSequence: read,
  })
  const group = (participantCount: number) => ({ kind: 'GROUP' as const, participantCount })
  const message = { sequence: 5, sentAt: '2026-02-01', deliveryState: 'SENT' as const }

  test.each([
    ['nobody else', [part('me', 9, 9)], 'SENT'],
    ['one who has it not', [part('you', 4, 4)], 'SENT'],
    ['one who has it', [part('you', 5, 4)], 'DELIVERED'],
    ['one who has read it', [part('you', 5, 5)], 'READ'],
    ['the least of all counts', [part('you', 9, 9), part('they', 5, null)], 'DELIVERED'],
    ['who came later does not', [part('you', 9, 9), part('they', null, null, '2026-03-01')], 'READ'],
  ])('%s', (_, participants, expected) => {
    expect(deliveryStateOf(message, 'me', participants, group(participants.length))).toBe(expected)
  })

  test('in a DIRECT conversation both see what was said before it was opened here', () => {
    const other = part('you', 5, 5, '2026-03-01')
    expect(
      deliveryStateOf(message, 'me', [part('me', 9, 9), other], { kind: 'DIRECT', participantCount: 2 }),
    ).toBe('READ')
  })

  test('it stays as it is while not all who take part are here', () => {
    expect(deliveryStateOf(message, 'me', [part('you', 9, 9)], group(2))).toBe('SENT')
  })

  test('it never falls behind what the server has said', () => {
    const read = { ...message, deliveryState: 'READ' as const }
    expect(deliveryStateOf(read, 'me', [part('you', null, null)], group(1))).toBe('READ')
  })
})
