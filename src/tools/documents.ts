import { dirname, join } from 'node:path'
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  NoUnusedFragmentsRule,
  parse,
  specifiedRules,
  validate,
  visit,
} from 'graphql'
import { type Literal, literalsOf } from './literals.js'

/** A file's path and content. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A GraphQL document and where it stands. */
export interface FoundDocument {
  readonly place: string
  readonly text: string
}

export interface Findings {
  readonly documents: readonly FoundDocument[]
  /** Places of templates that only the running program can complete. */
  readonly incomplete: readonly string[]
}

const comments = /^(?:\s*#.*\n)+/
const looksLikeDocument = /^\s*(?:(?:query|mutation|subscription)\b\s*\w*\s*[({@]|fragment\s+\w+\s+on\s)/
/** Of a document without a keyword, the first field; what begins otherwise is a selection that goes into one. */
const shorthand = /^\s*\{\s*(?:\w+:\s*)?(\w+)/
const imports = /import\s*\{([^}]*)\}\s*from\s*'(\.[^']*)\.js'/g

/** Finds documents in .graphql files, in the literals of TypeScript, and in the graphql blocks of Markdown. */
export function findDocuments(schema: GraphQLSchema, files: readonly SourceFile[]): Findings {
  const queries = schema.getQueryType()?.getFields() ?? {}
  const documents: FoundDocument[] = []
  const incomplete: string[] = []
  const modules = modulesOf(files)
  for (const [path, module] of modules) {
    for (const literal of module.literals) {
      const start = literal.texts.join(' x ').replace(comments, '')
      const isDocument = looksLikeDocument.test(start) || (shorthand.exec(start)?.[1] ?? '') in queries
      if (!isDocument || literal.isInvalid) continue
      const place = `${path}:${literal.line}`
      const text = complete(literal, module, modules)
      if (text === null) incomplete.push(place)
      else documents.push({ place, text })
    }
  }
  for (const { path, text } of files) {
    if (path.endsWith('.graphql')) documents.push({ place: path, text })
    if (path.endsWith('.md')) documents.push(...blocksOf(path, text))
  }
  return { documents, incomplete }
}

/** One line for each fault of a document against the schema. */
export function faultsOf(schema: GraphQLSchema, documents: readonly FoundDocument[]): string[] {
  const parsed = documents.map(({ place, text }) => ({ place, node: parsedOrError(text) }))
  const shared = parsed.flatMap(({ node }) => (node instanceof GraphQLError ? [] : fragmentsOf(node)))
  return parsed.flatMap(({ place, node }) => {
    if (node instanceof GraphQLError) return [`${place}: ${node.message}`]
    const isFragmentsOnly = fragmentsOf(node).length === node.definitions.length
    const whole = isFragmentsOnly ? withFragments(node, shared) : node
    const rules = specifiedRules.filter((rule) => !isFragmentsOnly || rule !== NoUnusedFragmentsRule)
    return validate(schema, whole, rules).map(({ message }) => `${place}: ${message}`)
  })
}

/** What a TypeScript file holds, and from which files its imported names come. */
interface Module {
  readonly literals: readonly Literal[]
  readonly importedFrom: ReadonlyMap<string, string>
}

function modulesOf(files: readonly SourceFile[]): Map<string, Module> {
  const sources = files.filter(({ path }) => path.endsWith('.ts'))
  return new Map(
    sources.map(({ path, text }) => [
      path,
      { literals: literalsOf(text), importedFrom: importsOf(path, text) },
    ]),
  )
}

function importsOf(path: string, source: string): Map<string, string> {
  const from = new Map<string, string>()
  for (const [, names = '', specifier = ''] of source.matchAll(imports)) {
    for (const name of names.split(',')) from.set(name.trim(), `${join(dirname(path), specifier)}.ts`)
  }
  return from
}

/** The text of a literal with its constants put in, each as its own file means it; null where one is no constant. */
function complete(literal: Literal, module: Module, modules: ReadonlyMap<string, Module>): string | null {
  let whole = literal.texts[0] ?? ''
  for (const [index, expression] of literal.expressions.entries()) {
    const name = expression.trim()
    const home = modules.get(module.importedFrom.get(name) ?? '') ?? module
    const constant = home.literals.find((each) => each.name === name && each !== literal)
    const text = constant ? complete(constant, home, modules) : null
    if (text === null) return null
    whole += text + (literal.texts[index + 1] ?? '')
  }
  return whole
}

function blocksOf(path: string, text: string): FoundDocument[] {
  return [...text.matchAll(/^```graphql\n(.*?)^```/gms)].map((block) => ({
    place: `${path}:${text.slice(0, block.index).split('\n').length + 1}`,
    text: block[1] ?? '',
  }))
}

function parsedOrError(text: string): DocumentNode | GraphQLError {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}

function fragmentsOf(node: DocumentNode): FragmentDefinitionNode[] {
  return node.definitions.filter((definition) => definition.kind === 'FragmentDefinition')
}

/** Adds the fragments that a document spreads and does not hold, and those that these spread. */
function withFragments(node: DocumentNode, shared: readonly FragmentDefinitionNode[]): DocumentNode {
  const known = new Set(fragmentsOf(node).map((fragment) => fragment.name.value))
  const missing = new Map<string, FragmentDefinitionNode>()
  visit(node, {
    FragmentSpread: ({ name }) => {
      const fragment = shared.find((each) => each.name.value === name.value)
      if (fragment && !known.has(name.value)) missing.set(name.value, fragment)
    },
  })
  if (missing.size === 0) return node
  return withFragments({ ...node, definitions: [...node.definitions, ...missing.values()] }, shared)
}
