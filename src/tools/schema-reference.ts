import { readFile, writeFile } from 'node:fs/promises'
import { lexicographicSortSchema } from 'graphql'
import { schema } from '../graphql/schema.js'
import { referenceOf } from './reference/document.js'

// Writes docs/schema.md; with --check, compares it instead.
const file = new URL('../../docs/schema.md', import.meta.url)
const text = referenceOf(lexicographicSortSchema(schema))

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8').catch(() => '')
  if (committed === text) console.log('docs/schema.md is what the schema says')
  else {
    console.error('docs/schema.md is stale: npm run reference')
    process.exitCode = 1
  }
} else {
  await writeFile(file, text)
}
