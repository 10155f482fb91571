import { InvalidInputError } from '../../errors.js'
import type { Cursors } from '../cursors.js'

/** A place in a person's update stream. `at` prunes partitions: rows after it are not older. */
export interface StreamPlace {
  readonly epoch: number
  readonly position: number
  readonly at: Date
}

const scopeOf = (userId: string) => `updates:${userId}`

export function encodePlace(cursors: Cursors, userId: string, place: StreamPlace): string {
  return cursors.encode(scopeOf(userId), [place.epoch, place.position, place.at.getTime()])
}

/** Throws InvalidInputError, naming `argument`, for a cursor that is forged or another person's. */
export function decodePlace(cursors: Cursors, userId: string, cursor: string, argument: string): StreamPlace {
  const values = cursors.decode(scopeOf(userId), cursor)?.map(Number)
  const [epoch, position, at] = values ?? []
  if (epoch === undefined || position === undefined || at === undefined) {
    throw InvalidInputError.at(argument, 'This is no cursor of your update stream.')
  }
  return { epoch, position, at: new Date(at) }
}
