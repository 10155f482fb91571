import type { VerbContext } from '../context.js'
import { folded, patternsOf } from '../people/search.js'
import { type ConversationPlace, type ConversationSlice, orderOf, sliceSql, sliceValues } from './list.js'
import { type ConversationRow, conversationColumns } from './rows.js'
import { readableTitleOf } from './title.js'

const batchSize = 250
/** How many conversations a page looks at: none of its statements is long, and it opens no more titles than this. */
const mostLookedAt = 2000

export interface FoundConversations {
  readonly rows: readonly ConversationRow[]
  /** Where the look ended before there was enough, for the next page; null: there is enough, or no more. */
  readonly stoppedAt: ConversationPlace | null
}

/**
 * The conversations of a slice in which each word (of searchWords) stands in a name or in the title, in the direction of
 * reading. Names are compared by the database; titles are opened here, in memory, and of what they say nothing is kept.
 */
export async function searchConversations(
  ctx: VerbContext,
  slice: ConversationSlice,
  words: readonly string[],
): Promise<FoundConversations> {
  const found = new Map<string, ConversationRow>()
  let rest: ConversationSlice = { ...slice, limit: batchSize }
  for (let looked = 0; looked < mostLookedAt; looked += batchSize) {
    const candidates = await nextCandidates(ctx, rest, words)
    const areMatches = await Promise.all(candidates.map((candidate) => isMatch(ctx, candidate, words)))
    for (const [index, candidate] of candidates.entries()) {
      if (!areMatches[index]) continue
      // One that moved up between two batches is met again, where it stands now.
      found.delete(candidate.id)
      found.set(candidate.id, candidate)
    }
    const last = candidates.at(-1)
    if (found.size >= slice.limit || last === undefined || last.ordinal < batchSize) {
      return { rows: [...found.values()].slice(0, slice.limit), stoppedAt: null }
    }
    rest = slice.fromEnd ? { ...rest, before: last } : { ...rest, after: last }
  }
  const stoppedAt = slice.fromEnd ? rest.before : rest.after
  return { rows: [...found.values()], stoppedAt }
}

type Candidate = ConversationRow & {
  /** Its place in the batch, from 1. */
  readonly ordinal: number
  /** The words, from 0, that stand in names. */
  readonly named: readonly number[]
}

/**
 * Of a batch of the list, what may match: DIRECT conversations that do by the other's name, groups with the words that
 * stand in names of others who take part (nobody's, for a former participant), and in any case the batch's last one.
 * Each person's name is compared once, however many of the conversations they share. The subqueries are as in sliceSql.
 */
function nextCandidates(
  ctx: VerbContext,
  batch: ConversationSlice,
  words: readonly string[],
): Promise<Candidate[]> {
  const order = orderOf(batch)
  const patterns = words.flatMap((word, index) => patternsOf(word).map((pattern) => ({ index, pattern })))
  return ctx.db.query<Candidate>(
    `conversation-search-${order}`,
    `WITH batch AS MATERIALIZED (
       ${sliceSql(order, conversationColumns)}
     ), placed AS MATERIALIZED (
       SELECT b.*, row_number() OVER (ORDER BY b."lastActivityAt" ${order}, b.id ${order})::int AS ordinal,
              count(*) OVER ()::int AS size
         FROM batch b
     ), others AS MATERIALIZED (
       SELECT b.id AS conversation_id, o.user_id
         FROM placed b
        CROSS JOIN LATERAL (
          SELECT x.user_id FROM participants x
           WHERE x.conversation_id = b.id AND x.left_at IS NULL AND x.user_id <> $1::uuid OFFSET 0) o
        WHERE b."leftAt" IS NULL
     ), named AS MATERIALIZED (
       SELECT o.user_id, array_agg(DISTINCT w.index) AS words
         FROM (SELECT DISTINCT user_id FROM others) o
        CROSS JOIN LATERAL (SELECT x.display_name FROM users x WHERE x.id = o.user_id OFFSET 0) u
         JOIN unnest($10::int[], $11::text[]) AS w (index, pattern) ON u.display_name ILIKE w.pattern
        GROUP BY o.user_id
     ), words AS (
       SELECT o.conversation_id, array_agg(DISTINCT x.index) AS named
         FROM others o JOIN named n ON n.user_id = o.user_id CROSS JOIN LATERAL unnest(n.words) AS x (index)
        GROUP BY o.conversation_id
     )
     SELECT b.*, coalesce(w.named, '{}') AS named
       FROM placed b LEFT JOIN words w ON w.conversation_id = b.id
      WHERE b.kind = 'GROUP' OR cardinality(w.named) = $12 OR b.ordinal = b.size
      ORDER BY b.ordinal`,
    [
      ...sliceValues(ctx, batch),
      patterns.map(({ index }) => index),
      patterns.map(({ pattern }) => pattern),
      words.length,
    ],
  )
}

async function isMatch(ctx: VerbContext, candidate: Candidate, words: readonly string[]): Promise<boolean> {
  const rest = words.filter((_, index) => !candidate.named.includes(index))
  if (rest.length === 0) return true
  const title = await readableTitleOf(ctx, candidate)
  if (title === null) return false
  const text = folded(title)
  return rest.every((word) => text.includes(word))
}
