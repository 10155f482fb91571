import { expect, test } from 'vitest'
import { describeWithRedis } from '../support/cluster.js'
import { faultsOf } from '../support/invariants.js'
import { World } from '../support/world.js'
import { soak } from './soak.js'

// People come and go; what a node held for them is gone when they are. `npm run test:soak` runs it for as long as SOAK_MINUTES says.

const minutes = Number(process.env.SOAK_MINUTES ?? 0.5)

describeWithRedis('a node whose visitors come and go', (redisUrl) => {
  test(
    `ends where it began after ${minutes} minutes with 200 sockets`,
    async () => {
      await using world = await World.start({ redisUrl })
      const report = await soak(world, redisUrl, minutes)
      console.log(JSON.stringify(report))
      const { before, after } = report
      expect(report.received).toBeGreaterThan(report.acts)
      expect(after.heapMiB).toBeLessThanOrEqual(before.heapMiB * 1.1 + 5)
      expect(after.timers).toBeLessThanOrEqual(before.timers + 2)
      expect(after.sockets).toBeLessThanOrEqual(before.sockets + 2)
      expect(after.fileDescriptors).toBeLessThanOrEqual(before.fileDescriptors + 4)
      expect(after.channels).toBe(before.channels)
      expect(after.connections).toBeLessThanOrEqual(before.connections + 4)
      expect(await faultsOf(world)).toEqual([])
    },
    (minutes + 5) * 60_000,
  )
})
