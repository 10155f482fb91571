import type { Result } from './person.js'

/** What a verb answered, in one word: `ok`, or the error's code, with its reasons where it has them. */
export function outcomeOf(result: Result): string {
  if (result.code === undefined) return 'ok'
  return result.reasons ? `${result.code} [${result.reasons.join(', ')}]` : result.code
}

/** The answer for whatever does not exist, or may not be seen. */
export const notFound = {
  __typename: 'NotFoundError',
  code: 'NOT_FOUND',
  detail: 'There is no such thing, or you may not see it.',
} as const

/** An InvalidInputError that names exactly this field. */
export function invalidAt(...path: string[]) {
  return {
    __typename: 'InvalidInputError',
    code: 'INVALID_INPUT',
    detail: expectText,
    fields: [{ path, detail: expectText }],
  }
}

/** An asymmetric matcher for a sentence, whatever it says. */
export const expectText = {
  asymmetricMatch: (value: unknown) => typeof value === 'string' && value.length > 0,
  toString: () => 'a sentence',
}
