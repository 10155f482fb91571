import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSchema } from 'graphql'
import { faultsOf, findDocuments, type SourceFile } from './documents.js'

// Validates every GraphQL document of this repository against schema.graphql. One that is wrong on purpose has
// `/* invalid */` before its literal, or before a bracket around it.

const root = fileURLToPath(new URL('../../', import.meta.url))
const folders = ['test', 'bench', 'examples', 'docs', 'src/tools/replay', 'src/http', 'src/demo']
const skipped = ['test/generated/', 'examples/generated/']

async function filesOf(folder: string): Promise<SourceFile[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(ts|graphql|md)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !skipped.some((start) => path.startsWith(start)))
  return Promise.all(paths.map(fileOf))
}

async function fileOf(path: string): Promise<SourceFile> {
  return { path, text: await readFile(join(root, path), 'utf8') }
}

const schema = buildSchema((await fileOf('schema.graphql')).text)
const files = [await fileOf('README.md'), ...(await Promise.all(folders.map(filesOf))).flat()]
const { documents, incomplete } = findDocuments(schema, files)
const faults = faultsOf(schema, documents)
for (const fault of faults) console.error(fault)
if (process.argv.includes('--list')) for (const { place } of documents) console.log(place)
const rest = incomplete.length === 0 ? '' : `; made at run time, so not checked: ${incomplete.join(', ')}`
if (faults.length > 0) process.exitCode = 1
else console.log(`${documents.length} GraphQL documents fit schema.graphql${rest}`)
