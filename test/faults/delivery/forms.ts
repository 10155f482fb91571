/** How much is done in a run. */
export interface Form {
  readonly rounds: number
  readonly sends: number
  /** Between two messages of one sender, on average. */
  readonly pauseMilliseconds: number
  /** From the beginning of one fault to that of the next one. */
  readonly betweenMilliseconds: number
}

/** Each kind of fault once, within two minutes with hints and without. */
export const shortForm: Form = { rounds: 1, sends: 150, pauseMilliseconds: 250, betweenMilliseconds: 1500 }

/** Each kind of fault twice at least, until ten thousand messages were said. */
export const longForm: Form = { rounds: 2, sends: 10_000, pauseMilliseconds: 60, betweenMilliseconds: 2000 }

/** For what must be found wrong: the faults that a connection, a node and PostgreSQL can't hide. */
export const brokenForm: Form & { readonly kinds: readonly string[] } = {
  rounds: 2,
  sends: 100,
  pauseMilliseconds: 100,
  betweenMilliseconds: 1500,
  kinds: [
    'node killed',
    'node frozen',
    'PostgreSQL restarted (immediate)',
    'clients cut (both nodes)',
    'clients blackholed, then reset (one node)',
  ],
}

/** The deliveries that are broken on purpose, and which of the counts must show it. */
export const brokenOnes = {
  'hint-only': 'lost',
  'acknowledged-early': 'acknowledgedButMissing',
  'not-idempotent': 'keptTwice',
} as const
