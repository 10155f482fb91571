export type Role = 'PATIENT' | 'DOCTOR' | 'STAFF' | 'CAREGIVER'

/** Somebody who takes part in one dialogue; `key` is unique within it: `doctor`, `family-2`. */
export interface Person {
  readonly key: string
  readonly role: Role
}

/** Who speaks under which label. A number behind it (`Doctor_2`, `Guest_family2`) makes another person of that role. */
export const labels = [
  { label: 'Doctor', key: 'doctor', role: 'DOCTOR' },
  { label: 'Patient', key: 'patient', role: 'PATIENT' },
  { label: 'Guest_family', key: 'family', role: 'CAREGIVER' },
  { label: 'Guest_clinician', key: 'clinician', role: 'STAFF' },
] as const satisfies readonly (Person & { label: string })[]

/** `Docotr`, `Gest_family` and `Guest_clinican` are one slip away from what they mean. */
const toleratedSlips = 2

/** Undefined when it is no label at all: a sentence may have a colon too. */
export function personOf(label: string): { person: Person; isMisspelt: boolean } | undefined {
  const [, name = '', number] = /^(.*?)[_ ]?(\d+)?$/s.exec(label) ?? []
  const candidates = labels.map((entry) => ({
    entry,
    slips: distance(name.toLowerCase(), entry.label.toLowerCase()),
  }))
  const best = candidates.reduce((a, b) => (b.slips < a.slips ? b : a))
  if (best.slips > toleratedSlips) return undefined
  const { key, role } = best.entry
  return { person: { key: number ? `${key}-${number}` : key, role }, isMisspelt: best.slips > 0 }
}

/** Letters left out, put in, mistaken, or swapped with their neighbour. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > toleratedSlips) return Number.POSITIVE_INFINITY
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  const at = (row: number[], j: number) => row[j] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? at(beforeLast, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(substituted, swapped, at(last, j) + 1, at(row, j - 1) + 1))
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}
