import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from '../api.js'
import type { Cast } from '../cast.js'
import type { Ground } from '../ground.js'
import type { Random } from '../random.js'

/** What a fault may use. */
export interface Stage {
  readonly ground: Ground
  /** Past the proxies, which another fault may hold. */
  readonly api: Api
  readonly cast: Cast
  readonly random: Random
  /** Counts something that a fault is to be judged by, such as whether locks were really held. */
  readonly note: (what: string) => void
}

/** A kind of fault. */
export interface Kind {
  readonly name: string
  /** What it takes away: no two faults take the same at once. `node` stands for the node that it meets. */
  readonly takes: readonly (
    | 'node'
    | 'both nodes'
    | 'front'
    | 'database link'
    | 'redis link'
    | 'postgres'
    | 'redis'
  )[]
  readonly needsRedis?: true
  /** What it leaves behind is found only after a time-out of its own, so it is none of the last ones. */
  readonly lingers?: true
  /** Does it and heals it. */
  readonly run: (stage: Stage, node: number) => Promise<void>
}

/** Some time between these bounds. */
export function time(random: Random, least: number, most: number): Promise<void> {
  return sleep(random.between(least, most))
}
