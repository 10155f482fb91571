import { readFile, writeFile } from 'node:fs/promises'
import { schemaText } from './schema-text.js'

// Writes schema.graphql; with --check, compares it instead.
const file = new URL('../../schema.graphql', import.meta.url)
const text = schemaText()

if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8').catch(() => '')
  if (committed === text) console.log('schema.graphql is what the code says')
  else {
    console.error('schema.graphql is stale: npm run schema')
    process.exitCode = 1
  }
} else {
  await writeFile(file, text)
}
