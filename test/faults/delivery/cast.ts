import { z } from 'zod'
import type { Api } from './api.js'

export interface Person {
  readonly name: string
  /** The global id, and the row's. */
  readonly id: string
  readonly rowId: string
  readonly conversationIds: string[]
}

/** Who takes part: senders send into their conversations, receivers follow their streams. */
export interface Cast {
  readonly senders: readonly Person[]
  readonly receivers: readonly Person[]
  readonly groups: readonly { readonly id: string; readonly owner: Person }[]
}

const groupCount = 5
const sendersPerGroup = 4
const receiversPerGroup = 4

const made = z.object({ upsertUser: z.object({ user: z.object({ id: z.string() }) }) })
const opened = z.object({ openConversation: z.object({ conversation: z.object({ id: z.string() }) }) })
const grouped = z.object({ createGroup: z.object({ conversation: z.object({ id: z.string() }) }) })

/**
 * Makes 20 senders and 20 receivers: five groups of four of each, every second receiver in the next group too, and a direct
 * conversation of each receiver with their first group's patient.
 */
export async function makeCast(api: Api): Promise<Cast> {
  const groups = []
  const senders: Person[] = []
  const receivers: Person[] = []
  for (let group = 0; group < groupCount; group++) {
    for (let index = 0; index < sendersPerGroup; index++)
      senders.push(await person(api, `sender-${group}-${index}`, index === 0 ? 'PATIENT' : 'DOCTOR'))
    for (let index = 0; index < receiversPerGroup; index++)
      receivers.push(await person(api, `receiver-${group}-${index}`, 'DOCTOR'))
  }
  for (let group = 0; group < groupCount; group++) {
    const [patient, owner, ...doctors] = ofGroup(senders, group, sendersPerGroup)
    if (!patient || !owner) throw new Error('a group without people')
    const own = ofGroup(receivers, group, receiversPerGroup)
    const guests = ofGroup(receivers, (group + 1) % groupCount, receiversPerGroup).filter(
      (_, index) => index % 2 === 1,
    )
    const members = [...doctors, ...own, ...guests]
    const id = await makeGroup(api, owner, patient, members)
    for (const member of [patient, owner, ...members]) member.conversationIds.push(id)
    groups.push({ id, owner })
    for (const receiver of own) {
      const direct = await open(api, patient, receiver)
      for (const one of [patient, receiver]) one.conversationIds.push(direct)
    }
  }
  return { senders, receivers, groups }
}

/** The id of the row behind a global id. */
export function rowIdOf(id: string): string {
  return Buffer.from(id, 'base64url').toString().split(':')[1] ?? ''
}

function ofGroup(people: readonly Person[], group: number, size: number): Person[] {
  return people.slice(group * size, (group + 1) * size)
}

async function person(api: Api, name: string, role: 'PATIENT' | 'DOCTOR'): Promise<Person> {
  const { upsertUser } = await api.must(
    made,
    'platform',
    'mutation ($input: UpsertUserInput!) { upsertUser(input: $input) { ... on UpsertUserPayload { user { id } } ... on Error { code } } }',
    { input: { externalId: name, displayName: name, role } },
  )
  const { id } = upsertUser.user
  return { name, id, rowId: rowIdOf(id), conversationIds: [] }
}

async function open(api: Api, patient: Person, doctor: Person): Promise<string> {
  const { openConversation } = await api.must(
    opened,
    doctor.name,
    `mutation ($input: OpenConversationInput!) { openConversation(input: $input) {
       ... on OpenConversationPayload { conversation { id } } ... on Error { code } } }`,
    { input: { userId: patient.id } },
  )
  return openConversation.conversation.id
}

async function makeGroup(
  api: Api,
  owner: Person,
  patient: Person,
  members: readonly Person[],
): Promise<string> {
  const { createGroup } = await api.must(
    grouped,
    owner.name,
    `mutation ($input: CreateGroupInput!) { createGroup(input: $input) {
       ... on CreateGroupPayload { conversation { id } } ... on Error { code } } }`,
    {
      input: {
        title: 'A care team',
        patientId: patient.id,
        participantIds: [patient, ...members].map(({ id }) => id),
      },
    },
  )
  return createGroup.conversation.id
}
