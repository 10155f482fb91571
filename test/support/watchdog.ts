import { spawn } from 'node:child_process'

type Watched = { postgresPid: number; redisPid: number | null; directories: string[] }

/**
 * Ends the children of a test run that was killed itself: a shell that waits for the pipe from this process
 * to close, however that comes about. Returns how to call it off.
 */
export function startWatchdog({ postgresPid, redisPid, directories }: Watched): () => void {
  const script = `cat > /dev/null || exit 1; kill -QUIT "$1"; [ -z "$2" ] || kill -KILL "$2"; shift 2; rm -rf -- "$@"`
  const args = ['-c', script, 'sh', String(postgresPid), redisPid === null ? '' : String(redisPid)]
  const shell = spawn('/bin/sh', [...args, ...directories], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.on('error', () => {})
  shell.unref()
  return () => {
    try {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
}
