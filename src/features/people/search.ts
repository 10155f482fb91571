import { InvalidInputError } from '../../errors.js'
import type { Prisma } from '../../platform/db/types.js'
import { textFault } from '../text.js'

/** In Unicode code points. */
export const longestSearch = 100

/** The words of a search, in small letters and composed form; none for nothing but white space. Throws InvalidInputError at `search`. */
export function searchWords(search: string | null): string[] {
  if (search === null || search.trim() === '') return []
  const fault = textFault(search, longestSearch)
  if (fault) throw InvalidInputError.at('search', fault)
  return [...new Set(folded(search).trim().split(/\s+/u))]
}

/** A text as search words are compared with it: in small letters and composed form. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** The patterns of ILIKE that find this word anywhere in a name. */
export function patternsOf(word: string): string[] {
  return spellings(word).map((spelling) => `%${literally(spelling)}%`)
}

/** People in whose name or specialty each of these words stands, anywhere and in whatever case. No words: everybody. */
export function peopleNamed(words: readonly string[]): Prisma.UserWhereInput {
  return {
    AND: words.map((word) => ({
      OR: spellings(word).flatMap((spelling) => {
        const contains = { contains: literally(spelling), mode: 'insensitive' } as const
        return [{ displayName: contains }, { specialty: contains }]
      }),
    })),
  }
}

/**
 * The ways in which a word is written: a database made with the locale C takes no letters but a to z for the same in both cases,
 * and a name is kept as it came, with its accents composed or apart.
 */
function spellings(word: string): string[] {
  if (/^[ -~]*$/.test(word)) return [word]
  const asInNames = word.replace(/(?<![\p{L}\p{M}])\p{L}/gu, (letter) => letter.toUpperCase())
  const cases = [word, word.toUpperCase(), asInNames]
  return [...new Set(cases.flatMap((each) => [each, each.normalize('NFD')]))]
}

/** LIKE's wildcards, and what escapes them, as themselves. Prisma passes them on. */
function literally(word: string): string {
  return word.replace(/[\\%_]/g, '\\$&')
}
