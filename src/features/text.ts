/** In Unicode code points. */
export const longestBody = 5000
export const longestTitle = 200
export const longestReason = 500
export const longestName = 200

/**
 * What is wrong with a text that people write, or null: it must hold something but white space, at most `limit` code
 * points, no NUL (PostgreSQL can't store it) and no lone surrogate (it has no UTF-8). Anything else is kept to the byte.
 */
export function textFault(text: string, limit: number): string | null {
  if (text.trim() === '') return 'It must not be empty.'
  if (text.length > limit && codePoints(text) > limit)
    return `It must not be longer than ${limit} characters.`
  if (text.includes('\0')) return 'It must not contain the NUL character.'
  if (!isWellFormed(text)) return 'It must be well-formed Unicode, without lone surrogates.'
  return null
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
