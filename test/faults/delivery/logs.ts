import type { Node } from './node.js'

/** What a node has logged over all of its starts. */
export interface NodeLog {
  readonly name: string
  readonly text: string
  readonly lines: number
  /** How often each message came, without its numbers. */
  readonly messages: ReadonlyMap<string, number>
  readonly uncaught: readonly string[]
  /** Operations that the node answered with INTERNAL: nothing that was tried here is a reason for that. */
  readonly internal: readonly string[]
  readonly refusedStarts: number
  readonly startMilliseconds: readonly number[]
  readonly stopMilliseconds: readonly number[]
}

/** Counts a node's log. */
export function logOf(node: Node): NodeLog {
  const lines = node.log.split('\n').filter((line) => line.trim() !== '')
  const messages = new Map<string, number>()
  for (const line of lines) {
    const message = line.replace(/^[\d:.]+ /, '').replace(/ \w+=.*/, '')
    messages.set(message, (messages.get(message) ?? 0) + 1)
  }
  return {
    name: node.name,
    text: node.log,
    lines: lines.length,
    messages,
    internal: lines.filter((line) => /ERROR an operation failed|ERROR a request failed/.test(line)),
    uncaught: lines.filter((line) => /unhandled|uncaught/i.test(line)),
    refusedStarts: node.refusedStarts,
    startMilliseconds: node.startMilliseconds,
    stopMilliseconds: node.stopMilliseconds,
  }
}
