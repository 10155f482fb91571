import { WebSocket } from 'ws'

type Sent = Parameters<WebSocket['send']>[0]
type Options = Parameters<WebSocket['send']>[1]
type Done = (error?: Error) => void

/**
 * A socket whose writes do not fail: that the peer has gone is told by its close. graphql-ws would print a stack to the console for
 * each answer that was being written when a connection was cut.
 */
export class QuietSocket extends WebSocket {
  override send(data: Sent, options?: Options | Done, done?: Done): void {
    const settled = typeof options === 'function' ? options : done
    super.send(data, typeof options === 'object' ? options : {}, () => settled?.())
  }
}
