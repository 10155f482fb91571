/** A string or template literal of a TypeScript source, as far as it can be known without running it. */
export interface Literal {
  readonly line: number
  /** The constant that it is the value of. */
  readonly name: string | null
  /** Texts, and between them the expressions that are put in. */
  readonly texts: readonly string[]
  readonly expressions: readonly string[]
  /** Whether it, or a bracket around it, comes after the comment `invalid`: wrong on purpose. */
  readonly isInvalid: boolean
}

const beforeRegex = /(?:^|[(,=:[!&|?{};+]|\breturn)\s*$/
const named = /(?:const|let)\s+(\w+)\s*(?::[^=]*)?=\s*$/

const marked = /\/\* invalid \*\/\s*$/

/** The literals of a source. Comments and regular expressions are passed over; escapes are undone. */
export function literalsOf(source: string, firstLine = 1, isWithinInvalid = false): Literal[] {
  const found: Literal[] = []
  const brackets: boolean[] = []
  const isInvalidAt = (at: number) =>
    (brackets.at(-1) ?? isWithinInvalid) || marked.test(source.slice(Math.max(0, at - 40), at))
  let at = 0
  while (at < source.length) {
    const letter = source[at] ?? ''
    const pair = source.slice(at, at + 2)
    if (pair === '//') at = endOf(source, '\n', at)
    else if (pair === '/*') at = endOf(source, '*/', at + 2)
    else if (letter === '/' && beforeRegex.test(source.slice(Math.max(0, at - 40), at)))
      at = endOfRegex(source, at)
    else if (letter === "'" || letter === '"' || letter === '`') {
      const { texts, expressions, end } = readLiteral(source, at, letter)
      const line = firstLine + source.slice(0, at).split('\n').length - 1
      const name = named.exec(source.slice(Math.max(0, at - 80), at))?.[1] ?? null
      const isInvalid = isInvalidAt(at)
      found.push({ line, name, texts, expressions, isInvalid })
      for (const expression of expressions) found.push(...literalsOf(expression, line, isInvalid))
      at = end
    } else {
      if ('([{'.includes(letter)) brackets.push(isInvalidAt(at))
      else if (')]}'.includes(letter)) brackets.pop()
      at += 1
    }
  }
  return found
}

function readLiteral(source: string, start: number, quote: string) {
  const texts = ['']
  const expressions: string[] = []
  let at = start + 1
  const add = (text: string) => {
    texts[texts.length - 1] += text
  }
  while (at < source.length && source[at] !== quote) {
    if (source[at] === '\\') {
      add(unescaped(source[at + 1] ?? ''))
      at += 2
    } else if (quote === '`' && source.startsWith('${', at)) {
      const end = endOfExpression(source, at + 2)
      expressions.push(source.slice(at + 2, end))
      texts.push('')
      at = end + 1
    } else if (quote !== '`' && source[at] === '\n') {
      break
    } else {
      add(source[at] ?? '')
      at += 1
    }
  }
  return { texts, expressions, end: at + 1 }
}

const unescaped = (letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? letter

/** Where the brace stands that closes an expression of a template. */
function endOfExpression(source: string, start: number): number {
  let depth = 0
  for (let at = start; at < source.length; ) {
    const letter = source[at]
    if (letter === '`' || letter === "'" || letter === '"') {
      at = readLiteral(source, at, letter).end
      continue
    }
    if (letter === '{') depth += 1
    if (letter === '}') {
      if (depth === 0) return at
      depth -= 1
    }
    at += 1
  }
  return source.length
}

function endOfRegex(source: string, start: number): number {
  let isInClass = false
  for (let at = start + 1; at < source.length; at++) {
    const letter = source[at]
    if (letter === '\\') at += 1
    else if (letter === '\n') return at
    else if (letter === '[') isInClass = true
    else if (letter === ']') isInClass = false
    else if (letter === '/' && !isInClass) return at + 1
  }
  return source.length
}

function endOf(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from)
  return at < 0 ? source.length : at + mark.length
}
