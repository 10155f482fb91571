import { updateFields } from './documents.js'
import type { Answer, Person } from './person.js'
import type { UpdateShape } from './stream.js'

export interface UpdatesPage {
  readonly updates: UpdateShape[]
  readonly endCursor: string
  readonly hasMore: boolean
}

const document = `query ($after: String!, $first: Int) {
  updates(after: $after, first: $first) { updates { ...UpdateFields } endCursor hasMore } } ${updateFields}`

/** `query updates`, whatever it answers. */
export function askUpdates(
  person: Person,
  after: string,
  first?: number,
): Promise<Answer<{ updates: UpdatesPage | null }>> {
  return person.ask(document, { after, ...(first === undefined ? {} : { first }) })
}

/** One page of `query updates`. */
export async function updatesAfter(person: Person, after: string, first?: number): Promise<UpdatesPage> {
  const answer = await askUpdates(person, after, first)
  if (!answer.data?.updates) throw new Error(`no page: ${JSON.stringify(answer)}`)
  return answer.data.updates
}

/** All pages until there is no more. */
export async function allUpdatesAfter(person: Person, after: string, first?: number): Promise<UpdateShape[]> {
  const all: UpdateShape[] = []
  for (let cursor = after; ; ) {
    const page = await updatesAfter(person, cursor, first)
    all.push(...page.updates)
    if (!page.hasMore) return all
    cursor = page.endCursor
  }
}

/** The cursor of the person's stream as it stands. */
export async function updateCursor(person: Person): Promise<string> {
  const { viewer } = await person.must<{ viewer: { updateCursor: string } }>('{ viewer { updateCursor } }')
  return viewer.updateCursor
}
