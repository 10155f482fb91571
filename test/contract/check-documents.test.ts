import { buildSchema } from 'graphql'
import { expect, test } from 'vitest'
import { faultsOf, findDocuments } from '../../src/tools/documents.js'

const schema = buildSchema(`
  type Message { id: ID! body: String }
  type Query { message(id: ID!): Message }`)

/** What puts an expression into a template, as source. */
const hole = (expression: string) => `$\{${expression}}`

function check(files: Record<string, string>) {
  const sources = Object.entries(files).map(([path, text]) => ({ path, text }))
  const { documents, incomplete } = findDocuments(schema, sources)
  return { places: documents.map(({ place }) => place), faults: faultsOf(schema, documents), incomplete }
}

test('finds documents in literals, .graphql files and Markdown, and what is wrong with them', () => {
  const { places, faults } = check(
    /* invalid */ {
      'a.ts': "const a = '{ message(id: 1) { id } }'\nconst b = `\n  query One { message(id: 2) { text } }`",
      'b.graphql': 'query Two { message { id } }',
      'b.ts': 'const b = `# What it says.\n# And whose.\n\nquery Three { message(id: 3) { text } }`',
      'c.md': 'Ask:\n\n```graphql\n{ messages { id } }\n```\n\n```sh\nls\n```\n',
    },
  )
  expect(places).toEqual(['a.ts:1', 'a.ts:2', 'b.ts:1', 'b.graphql', 'c.md:4'])
  expect(faults).toEqual([
    expect.stringContaining('a.ts:2: Cannot query field "text"'),
    expect.stringContaining('b.ts:1: Cannot query field "text"'),
    expect.stringContaining('b.graphql: Field "message" argument "id"'),
    expect.stringContaining('c.md:4: Cannot query field "messages"'),
  ])
})

test('puts constants in, of the same file and imported ones, and names what it can’t complete', () => {
  const { faults, incomplete, places } = check(
    /* invalid */ {
      'support/shared.ts': 'export const fields = `fragment Fields on Message { id text }`',
      'a.ts': `import { other, fields } from './support/shared.js'\nask(\`{ message(id: 1) { ...Fields } } ${hole('fields')}\`)`,
      'b.ts': `const fields = \`id\`\nask(\`query { message(id: 1) { ${hole('fields')} } }\`)`,
      'c.ts': `const ask = (name: string) => \`query { ${hole('name')} }\``,
    },
  )
  expect(places).toEqual(['support/shared.ts:1', 'a.ts:2', 'b.ts:2'])
  expect(faults.filter((fault) => !fault.startsWith('support/'))).toEqual([
    expect.stringContaining('a.ts:2: Cannot query field "text"'),
  ])
  expect(incomplete).toEqual(['c.ts:1'])
})

test('passes over selections, other texts, comments, and what is wrong on purpose', () => {
  const { places } = check(
    /* invalid */ {
      'a.ts': [
        "select('{ id body }')",
        "query('SELECT id FROM messages')",
        "say('query the database, then wait')",
        "// '{ message { nothing } }'",
        "const quote = /['`]/",
        "ask(/* invalid */ '{ message { nothing } }')",
        `const wrong = /* invalid */ [['{ message { nothing } }'], \`{ message } ${hole("'{ message }'")}\`]`,
        "ask('{ message(id: 1) { id } }')",
      ].join('\n'),
    },
  )
  expect(places).toEqual(['a.ts:8'])
})
