/** The server says no: an `Error` member of a result union, or an entry of `errors[]`. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    detail: string,
    /** How long it asks to wait; 0 where it does not say. */
    readonly retryAfterSeconds = 0,
  ) {
    super(detail)
    this.name = 'Refusal'
  }
}

/** No answer came: whether it was done is unknown. Everything that the kit asks may be asked again. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/** The connection is over for good: the token will never do (4401), the program is at fault (4400, 4406), or the kit was closed. */
export class Ended extends Error {
  override name = 'Ended'
}

/** An entry of `errors[]`, as far as it is looked at. */
export interface AnsweredError {
  readonly message: string
  readonly path?: readonly (string | number)[] | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

/** An error at a root field, or instead of all data. Deeper ones leave their field null: a text that does not decrypt. */
export function fatalOf(data: unknown, errors: readonly AnsweredError[]): Refusal | null {
  const fatal = errors.find(({ path = [] }) => !data || path.length <= 1)
  return fatal ? refusalOf(fatal) : null
}

export function refusalOf({ message, extensions = {} }: AnsweredError): Refusal {
  const { code, retryAfterSeconds } = extensions
  return new Refusal(
    typeof code === 'string' ? code : 'INTERNAL',
    message,
    typeof retryAfterSeconds === 'number' ? retryAfterSeconds : 0,
  )
}

type Payload<Result> = Extract<Result, { __typename: `${string}Payload` }>

function isPayload<Result extends { __typename: string }>(result: Result): result is Payload<Result> {
  return result.__typename.endsWith('Payload')
}

/** The payload of a mutation's result. Throws a Refusal for every other member, also for those that are yet to come. */
export function payloadOf<Result extends { __typename: string; code?: string; detail?: string }>(
  result: Result,
): Payload<Result> {
  if (isPayload(result)) return result
  const { code = 'INTERNAL', detail = '' } = result
  const wait = 'retryAfterSeconds' in result ? Number(result.retryAfterSeconds) : 0
  throw new Refusal(code, detail, wait)
}
