import type pg from 'pg'

const longestMilliseconds = 1000

/**
 * Ends a pool and waits until its connections are closed, a second at most. `pool.end()` alone resolves once they were
 * asked to: a server that is stopped right after would still tell them of it, which looks like connections lost.
 */
export async function endPool(pool: pg.Pool): Promise<void> {
  let open = pool.totalCount
  const closed = new Promise<void>((resolve) => {
    if (open === 0) resolve()
    pool.on('remove', () => {
      open -= 1
      if (open === 0) resolve()
    })
  })
  await pool.end()
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, longestMilliseconds)
  })
  await Promise.race([closed, patience])
  clearTimeout(timer)
}
