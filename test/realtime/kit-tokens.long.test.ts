import { expect, test } from 'vitest'
import type { Bubble } from '../../examples/kit/bubbles.js'
import { openApolloScreen, openKitScreen } from '../support/kit-screens.js'
import { World } from '../support/world.js'

const clients: [string, typeof openKitScreen][] = [
  ['the kit', openKitScreen],
  ['Apollo', openApolloScreen],
]

const bodies = (bubbles: readonly Bubble[]) =>
  bubbles.map((bubble) => (bubble.state === 'sent' ? bubble.message.body : bubble.waiting.input.body))

test.each(clients)(
  '%s goes on without loss when its token runs out: a new one each time, no fetching',
  async (_, open) => {
    await using world = await World.start()
    const { patient, doctor, conversationId } = await world.pair()
    let fetched = 0
    const screen = await open(patient, {
      tokens: () => {
        fetched += 1
        return fetched === 1 ? 5 : 3600
      },
    })
    const said: string[] = []
    while (screen.network.count('Updates') < 2) {
      said.push(`message ${said.length}`)
      await doctor.send(conversationId, said.at(-1) ?? '')
    }
    said.push('after', 'mine')
    await doctor.send(conversationId, 'after')
    await expect.poll(() => bodies(screen.bubbles(conversationId)).at(-1)).toBe('after')
    await screen.send(conversationId, 'mine')
    await expect.poll(() => bodies(screen.bubbles(conversationId))).toEqual(said)
    await expect.poll(() => screen.outbox.waiting).toEqual([])
    expect([fetched, screen.network.count('Start'), screen.network.count('Updates')]).toEqual([2, 1, 2])
    // It went on from where it was.
    expect(new Set(screen.network.cursors).size).toBe(2)
    await screen.close()
  },
)
