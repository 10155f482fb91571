import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Throttle } from '../../src/features/signals/throttle.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('eight at once pass at once, and each key has its own', () => {
  const passed: string[] = []
  const throttle = new Throttle((key) => passed.push(key))
  for (let n = 0; n < 8; n++) throttle.note('one')
  throttle.note('other')
  expect(passed).toEqual([...Array(8).fill('one'), 'other'])
})

test('however often something changes, it passes twice a second after a burst, and the last change is never kept back', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 400 }), { minLength: 20, maxLength: 200 }), (pauses) => {
      const times: number[] = []
      const start = performance.now()
      const throttle = new Throttle(() => times.push(performance.now() - start))
      let last = 0
      for (const pause of pauses) {
        vi.advanceTimersByTime(pause)
        last = performance.now() - start
        throttle.note('key')
      }
      vi.advanceTimersByTime(1000)
      expect(times.length).toBeLessThanOrEqual(8 + Math.ceil(((last + 1000) / 1000) * 2))
      expect(times.at(-1)).toBeGreaterThanOrEqual(last)
      expect(times.at(-1)).toBeLessThanOrEqual(last + 501)
      throttle.stop()
    }),
  )
})

test('nothing passes once it has stopped', () => {
  const passed: string[] = []
  const throttle = new Throttle((key) => passed.push(key))
  for (let n = 0; n < 20; n++) throttle.note('key')
  throttle.stop()
  vi.advanceTimersByTime(10_000)
  expect(passed).toHaveLength(8)
})
