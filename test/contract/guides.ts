import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** A program that stands in a guide: the first line of its block names it. */
export interface Program {
  /** `guide/file.ts` */
  readonly name: string
  readonly text: string
}

/** A Markdown file under docs, and what it holds. */
export interface Page {
  /** From the root. */
  readonly path: string
  readonly text: string
}

export async function pagesOf(folder: string): Promise<Page[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map(({ name }) => name)
  return Promise.all(
    names.sort().map(async (name) => {
      const path = join(folder, name)
      return { path, text: await readFile(join(root, path), 'utf8') }
    }),
  )
}

/** The `ts` blocks of a page. One without a name gets none that could be a file's. */
export function programsOf({ path, text }: Page): Program[] {
  const guide = /([\w-]+)\.md$/.exec(path)?.[1] ?? ''
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block = '']) => {
    const file = /^\/\/ ([\w-]+\.ts)\n/.exec(block)?.[1] ?? ''
    return { name: `${guide}/${file}`, text: block }
  })
}

/** Where the links of a page lead within this repository: paths from the page, without what stands behind `#`. */
export function localLinksOf({ text }: Page): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '')
  return [...prose.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}
