import type { ImportRecord } from '../../features/history/records.js'

/** A line of a file: what it holds, or why it holds nothing to import. */
export type Entry = {
  /** Rising; later than everything that it may name. */
  readonly line: number
  /** How a report calls it. */
  readonly place: string
  readonly bytes: number
  /** How much of the file is read with it, from 0 to 1. */
  readonly share: number
} & (
  | { readonly kind: 'record'; readonly record: ImportRecord }
  /** What is not as it should be, and makes the import a failure. */
  | { readonly kind: 'refused'; readonly why: string }
  /** What may be passed over. */
  | { readonly kind: 'skipped'; readonly why: string }
)
