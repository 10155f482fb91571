import { test } from 'vitest'
import { runOverlap } from './overlap.js'

test('thirty seconds of everything at once break nothing', () => runOverlap(30_000))
