import { access, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const markerOf = (dataDir: string) => join(dataDir, 'seeding')

/** Whether a start that was killed while it seeded left the database half filled. */
export function isSeedingUnfinished(dataDir: string): Promise<boolean> {
  return access(markerOf(dataDir)).then(
    () => true,
    () => false,
  )
}

/** Seeds with a marker standing while it lasts, so that the next start knows if this one did not finish. */
export async function seedingOnce(dataDir: string, seed: () => Promise<void> | undefined): Promise<void> {
  await writeFile(markerOf(dataDir), '')
  await seed()
  await rm(markerOf(dataDir))
}
