import type { ImportContext } from './context.js'
import { type Incoming, look } from './incoming.js'
import { findOriginals, isSameAs, keyOf } from './originals.js'
import type { FoundPerson } from './people.js'
import { type ImportedMessage, known, type Line, type Named, refused, type Verdict } from './records.js'
import { writeMessages } from './write-messages.js'

/**
 * Writes messages, in one transaction, behind what the import has written before: with the times that they had, as read
 * by everybody, and no update for anybody. KNOWN: the key stands there for the same text, whatever has become of the
 * conversation since. Refused is what the conversation can't take any more, and what is out of order or of bounds.
 */
export async function importMessages(
  ctx: ImportContext,
  lines: readonly Line<ImportedMessage>[],
  people: Named<FoundPerson>,
  conversations: Named<string>,
): Promise<Verdict[]> {
  const looked = lines.map((line) => look(line, people, conversations))
  const incoming = looked.filter((found) => typeof found !== 'string')
  const originals = await findOriginals(ctx, incoming)
  const first = new Map<string, Incoming>()
  for (const message of incoming)
    if (!originals.has(keyOf(message)) && !first.has(keyOf(message))) first.set(keyOf(message), message)
  const written = await writeMessages(ctx, [...first.values()])
  return looked.map((message) => {
    if (typeof message === 'string') return refused(message)
    const original = originals.get(keyOf(message))
    if (original) return judge(message, original)
    const earlier = first.get(keyOf(message)) ?? message
    const verdict = written.get(earlier) ?? refused('it was not written')
    return earlier === message || verdict.outcome === 'REFUSED' ? verdict : judge(message, earlier)
  })
}

function judge(message: Incoming, original: Parameters<typeof isSameAs>[1]): Verdict {
  const fault = isSameAs(message, original)
  return fault === null ? known : refused(fault)
}
