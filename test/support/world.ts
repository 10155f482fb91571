import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { type App, createApp, type Overrides } from '../../src/app.js'
import { loadConfig } from '../../src/config.js'
import { createLog } from '../../src/platform/log.js'
import { createDatabase, type TestDatabase } from './cluster.js'
import { Person } from './person.js'

export const secret = 'a secret for the tests, of at least 32 bytes'

export interface WorldOptions {
  /** How many API nodes on the one database; 1 unless told. Without Redis only the sweep connects them. */
  readonly nodes?: number
  readonly redisUrl?: string
  /** A database other than one of the tests' own cluster. */
  readonly database?: TestDatabase
  readonly env?: Record<string, string>
  readonly overrides?: Overrides
}

export type Role = 'PATIENT' | 'DOCTOR' | 'STAFF' | 'CAREGIVER' | 'ADMIN' | 'AUDITOR' | 'SERVICE'

/** A deployment of its own for one test file: a database, some nodes, and people made on demand through the API. */
export class World implements AsyncDisposable {
  private made = 0

  private constructor(
    readonly database: TestDatabase,
    readonly nodes: App[],
    readonly options: WorldOptions,
  ) {}

  static async start(options: WorldOptions = {}): Promise<World> {
    const database = options.database ?? (await createDatabase())
    const nodes: App[] = []
    for (let index = 0; index < (options.nodes ?? 1); index++)
      nodes.push(await startNode(database.connectionString, options))
    return new World(database, nodes, options)
  }

  /** The API's address of a node. */
  url(node = 0): string {
    const url = this.nodes[node]?.url
    if (!url) throw new Error(`there is no node ${node}`)
    return `${url}/graphql`
  }

  /** The services of a node, for what the API does not show: rows, statements, faults. */
  services(node = 0) {
    const app = this.nodes[node]
    if (!app) throw new Error(`there is no node ${node}`)
    return app.services
  }

  /** Runs SQL on the world's database. */
  sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.services().db.query<Row>(`test-${text.length}-${hash(text)}`, text, values)
  }

  /** The platform itself, a SERVICE; or the ADMIN. */
  platform(node = 0): Person {
    return new Person(this, 'platform', 'SERVICE', node)
  }

  admin(node = 0): Person {
    return new Person(this, 'the-admin', 'ADMIN', node)
  }

  /** Makes a person through upsertUser. ADMIN, AUDITOR and SERVICE are made by the admin. */
  async person(role: Role, node = 0, externalId = `${role.toLowerCase()}-${++this.made}`): Promise<Person> {
    const person = new Person(this, externalId, role, node)
    await person.upsert({})
    return person
  }

  /** Makes, or changes, an appointment of the two. */
  async appointment(
    patient: Person,
    doctor: Person,
    status: 'SCHEDULED' | 'COMPLETED' | 'CANCELLED' = 'SCHEDULED',
    externalId = `appointment-${patient.externalId}-${doctor.externalId}`,
  ): Promise<void> {
    await this.platform().must(
      `mutation ($input: UpsertAppointmentInput!) {
         upsertAppointment(input: $input) { ... on UpsertAppointmentPayload { appointment { id } } ... on Error { code detail } } }`,
      {
        input: {
          externalId,
          patientExternalId: patient.externalId,
          doctorExternalId: doctor.externalId,
          status,
          startsAt: '2030-01-01T09:00:00.000Z',
        },
      },
    )
  }

  /** A patient, a doctor, their appointment and their conversation's id. */
  async pair(
    patientNode = 0,
    doctorNode = 0,
  ): Promise<{ patient: Person; doctor: Person; conversationId: string }> {
    const patient = await this.person('PATIENT', patientNode)
    const doctor = await this.person('DOCTOR', doctorNode)
    await this.appointment(patient, doctor)
    return { patient, doctor, conversationId: await doctor.open(patient) }
  }

  /** A group of the owner's. */
  async group(
    owner: Person,
    members: readonly Person[],
    patient?: Person,
    title = 'A care team',
  ): Promise<string> {
    const { createGroup } = await owner.must<{ createGroup: { conversation: { id: string } } }>(
      `mutation ($input: CreateGroupInput!) {
         createGroup(input: $input) { ... on CreateGroupPayload { conversation { id } } ... on Error { code detail } } }`,
      {
        input: {
          title,
          participantIds: members.map((member) => member.id),
          ...(patient ? { patientId: patient.id } : {}),
        },
      },
    )
    return createGroup.conversation.id
  }

  /** Stops all nodes and starts as many anew on the same database. */
  async restart(): Promise<void> {
    const { length } = this.nodes
    for (const node of this.nodes.splice(0)) await node[Symbol.asyncDispose]()
    while (this.nodes.length < length)
      this.nodes.push(await startNode(this.database.connectionString, this.options))
  }

  /** Starts one more node on the same database. */
  async addNode(): Promise<void> {
    this.nodes.push(await startNode(this.database.connectionString, this.options))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]()
    await this.database.drop()
  }
}

/** The environment of a World's node. */
export function environmentOf(connectionString: string, options: WorldOptions = {}): Record<string, string> {
  return {
    DATABASE_URL: connectionString,
    JWT_SECRET: secret,
    PORT: '0',
    HOST: '127.0.0.1',
    MIGRATE: 'off',
    SERVICE_SUBJECTS: 'platform',
    ADMIN_SUBJECTS: 'the-admin',
    PARLEY_DATA_DIR: join(tmpdir(), `parley-tests-${userInfo().username}`),
    ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
    ...options.env,
  }
}

/** Starts one more node on a database, as a World does; the caller ends it. */
export function startNode(connectionString: string, options: WorldOptions = {}): Promise<App> {
  const config = loadConfig(environmentOf(connectionString, options))
  return createApp(config, createLog({ level: 'error', pretty: true }), options.overrides)
}

/** A token for a subject, good for `seconds` (an hour unless told). */
export function token(subject: string, seconds = 3600): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(secret))
}

function hash(text: string): number {
  let value = 0
  for (const letter of text) value = (value * 31 + letter.charCodeAt(0)) | 0
  return value
}
