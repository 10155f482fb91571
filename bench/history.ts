/** How many messages a page holds. */
export const pageSize = 50

/** How many messages there are, in how many conversations: a tenth of them in the first one, the others share the rest evenly. */
export interface Shape {
  readonly messages: number
  readonly conversations: number
}

/** Which conversation message number `index` belongs to: they are said in turns, and lie between one another on the disk. */
export function conversationOf({ conversations }: Shape, index: number): number {
  if (conversations === 1 || index % 10 === 0) return 0
  return 1 + ((index - 1 - Math.floor(index / 10)) % (conversations - 1))
}

/** How many messages a conversation holds. */
export function lengthOf({ messages, conversations }: Shape, conversation: number): number {
  if (conversations === 1) return messages
  const long = Math.ceil(messages / 10)
  if (conversation === 0) return long
  const rest = messages - long
  return Math.floor(rest / (conversations - 1)) + (conversation <= rest % (conversations - 1) ? 1 : 0)
}

/** A page, and what must be on it. Sequences count from 1 in each conversation. */
export interface Place {
  readonly name: string
  readonly conversation: number
  readonly kind: 'forwards' | 'backwards' | 'window'
  /** The message to read on from, or the one to open the window around. */
  readonly from: number
  readonly firstSequence: number
}

/** A message by where it stands. */
export const placeKey = (conversation: number, sequence: number): string => `${conversation}/${sequence}`

/** A way to read a page: gives the milliseconds it took, and throws unless it holds what it must. */
export type Read = (place: Place) => Promise<number>

function placesAt(conversation: number, name: string, first: number): Place[] {
  const at = { conversation, firstSequence: first }
  return [
    { ...at, name: `${name}, forwards`, kind: 'forwards', from: first - 1 },
    { ...at, name: `${name}, backwards`, kind: 'backwards', from: first + pageSize },
    { ...at, name: `${name}, window`, kind: 'window', from: first + pageSize / 2 },
  ]
}

/** Start, middle and end of the long conversation, each page full. */
export function longPlaces(shape: Shape): Place[] {
  const length = lengthOf(shape, 0)
  return [
    ...placesAt(0, 'start', 2),
    ...placesAt(0, 'middle', Math.floor(length / 2)),
    ...placesAt(0, 'end', length - pageSize),
  ]
}

/** The middles of all the others. */
export function otherPlaces(shape: Shape): Place[] {
  return Array.from({ length: shape.conversations - 1 }, (_, index) => {
    const middle = Math.floor((lengthOf(shape, index + 1) - pageSize) / 2)
    return placesAt(index + 1, 'another', Math.max(2, middle))
  }).flat()
}

/** Throws unless these are the numbers of the place's page. */
export function assertPage(place: Place, sequences: readonly number[]): void {
  const isRight =
    sequences.length === pageSize &&
    sequences.every((sequence, index) => sequence === place.firstSequence + index)
  if (isRight) return
  const found = `${sequences.length} messages from ${sequences[0]}`
  throw new Error(
    `a wrong page (${place.name} of ${place.conversation}): ${found}, not ${place.firstSequence}`,
  )
}
