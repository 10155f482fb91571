import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { Person } from './person.js'
import type { World } from './world.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A made-up file with the faults of the real ones. */
export const syntheticFile = path('../fixtures/mts-dialog/synthetic.csv')

const realFiles = ['training', 'validation'].map((name) =>
  path(`../../../shared/data/mts-dialog/${name}.csv`),
)

/** The real files where they lie beside the checkout, else the made-up one. */
export const filesThere: readonly string[] = realFiles.every((file) => existsSync(file))
  ? realFiles
  : [syntheticFile]

/** A dialogue as the file has it: the words behind each label, colon and one space, up to the line end. */
export interface ExpectedDialogue {
  readonly id: string
  readonly bodies: readonly string[]
  /** Whether anybody but one doctor and one patient speaks. */
  readonly isGroup: boolean
}

/** Reads a file by itself, so that a fault of the importer's parser shows. */
export async function expectedOf(file: string): Promise<ExpectedDialogue[]> {
  const rows = z
    .array(z.object({ ID: z.string(), dialogue: z.string() }))
    .parse(parse(await readFile(file), { columns: true, recordDelimiter: ['\r\n', '\n'] }))
  return rows.map(({ ID, dialogue }) => {
    const turns = dialogue
      .split('\n')
      .map((line) => /^\s*(Do[a-z]+r|Patient|G[a-z]+_[a-z]+)(_?\d)?: ?(.*?)\r?$/s.exec(line))
      .filter((found) => found !== null)
    return {
      id: ID,
      bodies: turns.map((turn) => turn[3] ?? '').filter((body) => body.trim() !== ''),
      isGroup: turns.some(
        ([, label, number]) => number !== undefined || !/^(Doctor|Patient)$/.test(label ?? ''),
      ),
    }
  })
}

/** What the doctor of an imported file sees of a conversation, by its patient's externalId, oldest first. */
export interface SeenDialogue {
  readonly id: string
  readonly kind: string
  readonly bodies: readonly (string | null)[]
  readonly sequences: readonly number[]
  readonly times: readonly string[]
  readonly events: readonly (string | null)[]
  readonly roles: readonly string[]
  readonly unreadCount: number
}

interface Page {
  readonly edges: readonly { readonly node: ConversationNode }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

interface ConversationNode {
  readonly id: string
  readonly kind: string
  readonly unreadCount: number
  readonly patient: { readonly externalId: string }
  readonly participants: {
    readonly edges: readonly { readonly node: { readonly user: { readonly role: string } } }[]
  }
}

/** Reads everything that the doctor of a file sees, through the API. */
export async function seenBy(world: World, file: string): Promise<Map<string, SeenDialogue>> {
  const doctor = new Person(world, `mts-${basename(file, '.csv')}-doctor`, 'DOCTOR', 0)
  const seen = new Map<string, SeenDialogue>()
  let after: string | null = null
  for (;;) {
    const { conversations }: { conversations: Page } = await doctor.must(
      `query ($after: String) { conversations(first: 20, after: $after) {
         edges { node { id kind unreadCount patient { externalId }
           participants(first: 10) { edges { node { user { role } } } } } }
         pageInfo { hasNextPage endCursor } } }`,
      { after },
    )
    for (const { node } of conversations.edges) {
      const messages = await doctor.history(node.id)
      const said = messages.filter((message) => message.kind !== 'SYSTEM')
      seen.set(node.patient.externalId, {
        id: node.id,
        kind: node.kind,
        bodies: said.map((message) => message.body),
        sequences: messages.map((message) => message.sequence),
        times: said.map((message) => String(message.sentAt)),
        events: messages.map((message) => eventOf(message)),
        roles: node.participants.edges.map((edge) => edge.node.user.role).sort(),
        unreadCount: node.unreadCount,
      })
    }
    if (!conversations.pageInfo.hasNextPage) return seen
    after = conversations.pageInfo.endCursor
  }
}

function eventOf(message: Record<string, unknown>): string | null {
  return (
    z.object({ systemEvent: z.object({ kind: z.string() }).nullable() }).parse(message).systemEvent?.kind ??
    null
  )
}
