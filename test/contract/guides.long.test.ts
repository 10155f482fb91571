import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../../src/platform/free-port.js'
import { importLines } from '../support/import.js'
import { ParleyProcess } from '../support/parley-process.js'
import type { Person } from '../support/person.js'
import { Signals, typistsIn } from '../support/signals.js'
import { token, World } from '../support/world.js'
import { localLinksOf, type Page, pagesOf, programsOf, root } from './guides.js'
import { morePrograms } from './guides-programs.js'

// The programs of docs/guides, as they stand there, in a folder of their own beside copies of what they import.

const run = promisify(execFile)
// Each starts tsx, some of them several times.
vi.setConfig({ testTimeout: 120_000 })
let folder: string
let guides: Page[]

const children: ParleyProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-guides-'))
  guides = await pagesOf('docs/guides')
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const tsconfig = { extends: join(root, 'tsconfig.json'), include: ['*/*.ts'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig))
  const programs = guides.flatMap(programsOf)
  for (const guide of new Set(programs.map(({ name }) => dirname(name)))) {
    await mkdir(join(folder, guide))
    await symlink(join(root, 'examples'), join(folder, guide, 'parley'))
    await symlink(join(root, 'schema.graphql'), join(folder, guide, 'schema.graphql'))
  }
  for (const { name, text } of [...programs, ...morePrograms]) await writeFile(join(folder, name), text)
  await output('urql/make-introspection.ts', {})
})

afterEach(async () => {
  // Those that hung, or follow for ever; the others are gone.
  for (const child of children.splice(0)) await child.end('SIGKILL')
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Starts one of the programs; its environment is what is given. Node's own warnings are not the guides'. */
function start(program: string, env: Record<string, string>, args: readonly string[] = []): ParleyProcess {
  const command = ['--import', 'tsx', join(folder, program), ...args]
  const child = ParleyProcess.start({ NODE_NO_WARNINGS: '1', ...env }, command)
  children.push(child)
  return child
}

/** Starts one of the programs as somebody who looks at a conversation. */
async function startAs(person: Person, conversationId: string, program: string): Promise<ParleyProcess> {
  const PARLEY_TOKEN = await token(person.externalId)
  return start(program, { PARLEY_URL: person.world.url(), PARLEY_TOKEN, CONVERSATION: conversationId })
}

/** Runs one to its end; gives what it printed. Fails where it fails. */
async function output(program: string, env: Record<string, string>, args: readonly string[] = []) {
  const running = start(program, env, args)
  const code = await running.exitCode()
  expect({ code, stderr: running.stderr }).toEqual({ code: 0, stderr: '' })
  return running.stdout
}

test('every program has a name of its own, and all of them fit the types of what they use', async () => {
  const names = guides.flatMap(programsOf).map(({ name }) => name)
  expect(names.filter((name) => !name.endsWith('.ts'))).toEqual([])
  expect(names).toEqual([...new Set(names)])
  expect(names.length).toBeGreaterThan(5)
  // Other names of the language would pass this test by.
  expect(guides.filter(({ text }) => /^```(tsx|typescript)\b/m.test(text)).map(({ path }) => path)).toEqual(
    [],
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const checked = await run(process.execPath, [tsc, '-p', folder]).catch(({ stdout }) => ({ stdout }))
  expect(checked.stdout).toBe('')
})

test('every link of the guides leads somewhere', async () => {
  const pages = [...guides, ...(await pagesOf('docs'))].filter(({ path }) => path !== 'docs/schema.md')
  const broken = pages.flatMap((page) =>
    localLinksOf(page)
      .filter((target) => !existsSync(join(root, dirname(page.path), target)))
      .map((target) => `${page.path}: ${target}`),
  )
  expect(broken).toEqual([])
})

test.each([
  ['apollo', 'Hello from Apollo'],
  ['urql', 'Hello from urql'],
])('%s: what is said shows in a query that was asked before', async (guide, greeting) => {
  await using world = await World.start()
  const { patient, doctor, conversationId } = await world.pair()
  await doctor.send(conversationId, 'How did the night go?')
  const PARLEY_TOKEN = await token(patient.externalId)
  expect(await output(`${guide}/hello.ts`, { PARLEY_URL: world.url(), PARLEY_TOKEN })).toBe(
    `How did the night go?\n${greeting}\n`,
  )
  expect((await doctor.history(conversationId)).map(({ body }) => body)).toEqual([
    'How did the night go?',
    greeting,
  ])
})

test('urql: imported history shows in an open conversation, and a new conversation in the list', async () => {
  await using world = await World.start()
  const { patient, doctor, conversationId } = await world.pair()
  const running = await startAs(patient, conversationId, 'urql/watch.ts')
  await Promise.all([running.printed(/^{"messages":\[\]}$/m), running.printed(/^{"conversations":1}$/m)])
  const people = { patientExternalId: patient.externalId, doctorExternalId: doctor.externalId }
  const said = { conversationExternalId: 'before', senderExternalId: doctor.externalId }
  const imported = await importLines(world, [
    { conversation: { kind: 'DIRECT', externalId: 'before', ...people } },
    {
      message: {
        ...said,
        clientMessageId: randomUUID(),
        sentAt: '2024-05-01T09:00:00.000Z',
        body: 'Said before',
      },
    },
  ])
  expect(imported).toMatchObject({ ended: 1, notes: [] })
  await running.printed(/^{"messages":\["Said before",null\]}$/m)

  const another = await world.person('DOCTOR')
  await world.appointment(patient, another)
  await another.open(patient)
  await running.printed(/^{"conversations":2}$/m)
  // Whatever was away in between was said to be stale.
  expect(running.stdout.match(/^{}$/gm)).toBeNull()
  expect(running.stderr).toBe('')
})

test('urql: an answer that is older than an update does not undo it', async () => {
  await using world = await World.start()
  const { patient, doctor, conversationId } = await world.pair()
  const { id: messageId } = await doctor.send(conversationId, 'older')
  const running = await startAs(patient, conversationId, 'urql/slow.ts')
  await running.printed(/^held$/m)
  await doctor.mutate('editMessage', { messageId, body: 'newer' })
  await running.printed(/^released$/m)
  await doctor.send(conversationId, 'last')
  const [shown] = await running.printed(/^{"messages":\[.*"last"\]}$/m)
  expect(JSON.parse(shown)).toEqual({ messages: ['newer', 'last'] })
})

test('apollo: a keystroke is seen by the others', async () => {
  await using world = await World.start()
  const { patient, doctor, conversationId } = await world.pair()
  const typing = Signals.typing(doctor, conversationId)
  const running = await startAs(patient, conversationId, 'apollo/types.ts')
  await typing.until((all) => typistsIn(all, conversationId) === patient.externalId, 'typing', 60_000)
  expect(running.stderr).toBe('')
  await doctor.close()
})

test('server to server: tokens of a key set, people and appointments, twice, with the faults told', async () => {
  const port = await freePort()
  const provider = start('server-to-server/identity-provider.ts', { KEYS_PORT: String(port) })
  try {
    const [, PARLEY_TOKEN = ''] = await provider.printed(/^(\S+)\n/)
    await using world = await World.start({
      env: {
        JWT_SECRET: '',
        JWKS_URL: `http://localhost:${port}/`,
        JWT_ISSUER: 'https://id.example.org',
        JWT_AUDIENCE: 'parley',
      },
    })
    const people = [
      ...Array.from({ length: 119 }, (_, index) => ({
        externalId: `p-${index}`,
        displayName: 'Somebody',
        role: 'PATIENT',
      })),
      { externalId: 'd-1', displayName: 'Dr Osman', role: 'DOCTOR', specialty: 'Cardiology' },
      { externalId: 'x', displayName: '', role: 'STAFF' },
      { externalId: 'y', displayName: 'Above', role: 'ADMIN' },
    ]
    const appointment = { doctorExternalId: 'd-1', status: 'SCHEDULED', startsAt: '2030-01-31T09:00:00.000Z' }
    const appointments = [
      ...Array.from({ length: 60 }, (_, index) => ({
        externalId: `a-${index}`,
        patientExternalId: `p-${index}`,
        ...appointment,
      })),
      { externalId: 'a-x', patientExternalId: 'nobody', ...appointment },
    ]
    const files = [join(folder, 'people.jsonl'), join(folder, 'appointments.jsonl')]
    for (const [index, rows] of [people, appointments].entries())
      await writeFile(files[index] ?? '', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    for (const _ of ['first', 'second']) {
      const printed = await output(
        'server-to-server/load.ts',
        { PARLEY_URL: world.url(), PARLEY_TOKEN },
        files,
      )
      expect(printed.trimEnd().split('\n').sort()).toEqual([
        'Appointment a-x: NOT_FOUND',
        'Appointment: 61 sent',
        expect.stringMatching(/^User x: INVALID_INPUT displayName: /),
        'User y: FORBIDDEN',
        'User: 122 sent',
      ])
    }
    const rows = await world.sql<{ people: number; appointments: number }>(
      `SELECT (SELECT count(*)::int FROM users WHERE role IN ('PATIENT', 'DOCTOR', 'STAFF')) AS people,
              (SELECT count(*)::int FROM appointments) AS appointments`,
    )
    expect(rows).toEqual([{ people: 120, appointments: 60 }])
  } finally {
    await provider.end('SIGTERM')
  }
})
