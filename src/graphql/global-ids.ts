import { isUuid } from '../platform/ids.js'

/** The types that have a global id. */
export type NodeName = 'User' | 'Viewer' | 'Conversation' | 'Participant' | 'Message' | 'Appointment'

/** An opaque id, unique over all types. */
export function globalId(type: NodeName, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url')
}

/** The type and row id of a global id, or null for anything that this server did not make. */
export function parseGlobalId(id: string): { type: string; id: string } | null {
  if (id.length > 100) return null
  const [type, rowId, ...rest] = Buffer.from(id, 'base64url').toString().split(':')
  if (type === undefined || rowId === undefined || rest.length > 0 || !isUuid(rowId)) return null
  return Buffer.from(`${type}:${rowId}`).toString('base64url') === id ? { type, id: rowId } : null
}

const noRow = '00000000-0000-0000-0000-000000000000'

/**
 * The row id of an argument. Another type's id, or none at all, is a thing that does not exist: the id of no row, so that
 * the verb answers NOT_FOUND in its turn, after whatever is wrong with the input's form.
 */
export function rowId(type: NodeName, id: string): string {
  return rowIdOrNull(type, id) ?? noRow
}

/** `rowId` for a field that answers null where there is nothing. */
export function rowIdOrNull(type: NodeName, id: string): string | null {
  const parsed = parseGlobalId(id)
  return parsed?.type === type ? parsed.id : null
}
