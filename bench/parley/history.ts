import type { Ground } from '../ground.js'
import { assertPage, type Place, placeKey, type Read, type Shape } from '../history.js'
import { fillHistory } from '../history-fill.js'
import { exchange } from '../http.js'
import { dig, excerpt, list, number, text } from '../json.js'
import type { Server } from '../servers.js'
import { backwardPageDocument, forwardPageDocument, placeDocument, windowDocument } from './documents.js'
import { type CarePair, preparePairs } from './people.js'

const patientsOfDoctor = 50
const documents = { forwards: forwardPageDocument, backwards: backwardPageDocument, window: windowDocument }

async function ask(url: string, pair: CarePair, query: string, variables: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${pair.tokens[1]}` }
  const body = JSON.stringify({ query, variables: { id: pair.conversationId, ...variables } })
  const answer: unknown = JSON.parse(await exchange({ url, headers, body }))
  if (dig(answer, 'errors') !== undefined) throw new Error(excerpt(answer))
  return dig(answer, 'data', 'conversation')
}

/** Fills Parley; answers how its doctors read the pages of these places, and how many messages a second were filled. */
export async function parleyHistory(
  ground: Ground,
  server: Server,
  shape: Shape,
  places: readonly Place[],
): Promise<{ read: Read; filled: number }> {
  const pairs = await preparePairs(server.socket, 'history', shape.conversations, patientsOfDoctor)
  const keys = new Set(places.map(({ conversation, from }) => placeKey(conversation, from)))
  const began = performance.now()
  const ids = await fillHistory(ground, shape, pairs, keys)
  const filled = shape.messages / ((performance.now() - began) / 1000)
  await ground.settle()

  const pairOf = ({ conversation }: Place): CarePair => {
    const pair = pairs[conversation]
    if (!pair) throw new Error(`no conversation ${conversation}`)
    return pair
  }
  const starts = new Map<Place, string>()
  for (const place of places) {
    const around = ids.get(placeKey(place.conversation, place.from))
    if (around === undefined) throw new Error(`no message ${place.from} of ${place.conversation}`)
    if (place.kind === 'window') starts.set(place, around)
    else {
      const found = await ask(server.http, pairOf(place), placeDocument, { around })
      starts.set(place, text(found, 'messageWindow', 'pageInfo', 'startCursor'))
    }
  }
  const read = async (place: Place): Promise<number> => {
    const began = performance.now()
    const cursor = starts.get(place)
    const found = await ask(server.http, pairOf(place), documents[place.kind], { cursor })
    const took = performance.now() - began
    assertPage(
      place,
      list(found, 'page', 'edges').map((edge) => number(edge, 'node', 'sequence')),
    )
    return took
  }
  return { read, filled }
}
