import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from '../kit/storage.js'

/** One file for each key, for its owner's eyes only. What is there is whole: it is written beside, then renamed. */
export class FileStorage implements Storage {
  constructor(private readonly folder: string) {}

  async getItem(key: string): Promise<string | null> {
    try {
      return await readFile(this.#path(key), 'utf8')
    } catch {
      return null
    }
  }

  async setItem(key: string, value: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    const path = this.#path(key)
    await writeFile(`${path}.new`, value, { mode: 0o600 })
    await rename(`${path}.new`, path)
  }

  async removeItem(key: string): Promise<void> {
    await rm(this.#path(key), { force: true })
  }

  #path(key: string): string {
    return join(this.folder, `${encodeURIComponent(key)}.json`)
  }
}
