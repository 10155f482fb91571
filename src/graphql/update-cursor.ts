import { type DocumentNode, visit } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { encodePlace } from '../features/stream/cursor.js'
import { readHead } from '../features/stream/rows.js'
import type { GraphContext } from './context.js'
import { publicError } from './failures.js'

const selected = new WeakMap<DocumentNode, boolean>()

function selectsUpdateCursor(document: DocumentNode): boolean {
  const known = selected.get(document)
  if (known !== undefined) return known
  let isSelected = false
  visit(document, {
    Field: ({ name }) => {
      if (name.value === 'updateCursor') isSelected = true
    },
  })
  selected.set(document, isSelected)
  return isSelected
}

/**
 * Reads the stream's head before anything else of an operation that selects `updateCursor`. Read after, a message that
 * commits in between would be in neither the page nor the stream.
 */
export function useUpdateCursor(): Plugin<GraphContext> {
  return {
    onExecute: async ({ args, setResultAndStopExecution }) => {
      if (!selectsUpdateCursor(args.document)) return
      const ctx: GraphContext = args.contextValue
      try {
        ctx.updateCursor = encodePlace(ctx.cursors, ctx.viewer.id, await readHead(ctx.db, ctx.viewer.id))
      } catch (error) {
        // Thrown, it would pass by the masking, and close the socket with all that runs on it.
        setResultAndStopExecution({ errors: [publicError(error, ctx.requestId, ctx.log)] })
      }
    },
  }
}
