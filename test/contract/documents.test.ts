import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { variableNames } from '../../src/config/variables.js'
import { errorCodes } from '../../src/errors.js'
import { schemaText } from '../../src/tools/schema-text.js'

const readRoot = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')

/** What stands in backticks in the first cells of the tables of a section of README. */
async function firstCells(section: string): Promise<string[]> {
  const readme = await readRoot('README.md')
  const [, text] = readme.split(`\n## ${section}\n`)
  if (text === undefined) throw new Error(`README has no section “${section}”`)
  const rows = text.split(/\n## /)[0]?.split('\n') ?? []
  return rows
    .filter((row) => row.startsWith('|'))
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, name]) => name ?? '')
}

test('schema.graphql is what the code says', async () => {
  expect(await readRoot('schema.graphql')).toBe(schemaText())
})

test('README lists every error code, and no other', async () => {
  expect((await firstCells('Error codes')).sort()).toEqual(Object.keys(errorCodes).sort())
})

test('README lists every environment variable that is read, and no other', async () => {
  expect((await firstCells('Configuration')).sort()).toEqual([...variableNames, 'NODE_ENV'].sort())
})
