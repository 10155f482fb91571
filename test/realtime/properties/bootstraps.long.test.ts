import { test } from 'vitest'
import { bootstrapUnderLoad } from './bootstraps.js'

test('10,000 bootstraps under load miss nothing', { timeout: 900_000 }, () => bootstrapUnderLoad(10_000))
