import { test } from 'vitest'
import { runOverlap } from './overlap.js'

test('eight seconds of everything at once break nothing', { timeout: 90_000 }, () => runOverlap(8_000))
