import { token, type World } from './world.js'

/** What came back over HTTP: nothing of it is taken for granted. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
  /** The codes in errors[]; empty where the text is no GraphQL answer. */
  readonly codes: readonly string[]
}

export interface RawRequest {
  readonly method?: string
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream | null
  readonly headers?: Record<string, string>
  /** What is behind the API's address. */
  readonly search?: string
  /** Whose token it carries; null: none. */
  readonly as: string | null
}

/** One request, byte by byte as it is given. */
export async function request(
  world: World,
  { method = 'POST', as, ...rest }: RawRequest,
): Promise<RawAnswer> {
  const authorization: Record<string, string> =
    as === null ? {} : { authorization: `Bearer ${await token(as)}` }
  const response = await fetch(world.url() + (rest.search ?? ''), {
    method,
    headers: { 'content-type': 'application/json', ...authorization, ...rest.headers },
    ...(rest.body === undefined || rest.body === null ? {} : { body: rest.body }),
    ...(rest.body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
  })
  const text = await response.text()
  return { status: response.status, text, codes: codesOf(text) }
}

function codesOf(text: string): string[] {
  try {
    const answer: { errors?: { extensions?: { code?: string } }[] } = JSON.parse(text)
    return (answer.errors ?? []).map((error) => error.extensions?.code ?? 'no code')
  } catch {
    return []
  }
}
