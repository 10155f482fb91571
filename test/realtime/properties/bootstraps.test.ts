import { test } from 'vitest'
import { bootstrapUnderLoad } from './bootstraps.js'

test('1,000 bootstraps under load miss nothing', { timeout: 300_000 }, () => bootstrapUnderLoad(1000))
