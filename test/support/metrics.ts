import { until } from './parley-process.js'
import type { World } from './world.js'

/** What a node answers at `/metrics`: each series by its name and labels. */
export async function scrape(world: World, node = 0): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(metricsUrl(world, node))
  if (!response.ok) throw new Error(`a scrape was answered with ${response.status}`)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

export function metricsUrl(world: World, node = 0): string {
  return new URL('/metrics', world.url(node)).href
}

/** Scrapes until the condition holds. */
export function scrapedUntil(
  world: World,
  holds: (series: ReadonlyMap<string, number>) => boolean,
  what: string,
  node = 0,
): Promise<ReadonlyMap<string, number>> {
  return until(async () => {
    const series = await scrape(world, node)
    return holds(series) && series
  }, what)
}

/** What has been added to these series, those left out to which nothing was. */
export function increases(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  name: RegExp,
): Record<string, number> {
  return Object.fromEntries(
    [...after]
      .map(([series, value]) => [series, value - (before.get(series) ?? 0)] as const)
      .filter(([series, added]) => name.test(series) && added !== 0),
  )
}
