/** A value as it came off the wire, walked without believing anything about it. */
export function dig(value: unknown, ...path: string[]): unknown {
  let here = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Reflect.get(here, step)
  }
  return here
}

export function text(value: unknown, ...path: string[]): string {
  const found = dig(value, ...path)
  if (typeof found !== 'string') throw new Error(`no text at ${path.join('.')}: ${excerpt(value)}`)
  return found
}

export function number(value: unknown, ...path: string[]): number {
  const found = dig(value, ...path)
  if (typeof found !== 'number') throw new Error(`no number at ${path.join('.')}: ${excerpt(value)}`)
  return found
}

export function list(value: unknown, ...path: string[]): unknown[] {
  const found = dig(value, ...path)
  if (!Array.isArray(found)) throw new Error(`no list at ${path.join('.')}: ${excerpt(value)}`)
  return found
}

/** The beginning of a value, for an error message. */
export function excerpt(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 300)
}
