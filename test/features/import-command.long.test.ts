import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFile } from '../support/import.js'
import { complaintsOf, environmentOf, startImport } from '../support/import-command.js'
import { seenBy, syntheticFile } from '../support/import-mts.js'
import { World } from '../support/world.js'

let world: World
beforeAll(async () => {
  world = await World.start()
})
afterAll(() => world[Symbol.asyncDispose]())

it('prints its mapping, what it skipped and what it did, and exits with 0', async () => {
  const command = startImport(environmentOf(world), syntheticFile)
  expect(await command.exitCode()).toBe(0)
  const [time, ...lines] = command.stdout.trim().split('\n').toReversed()
  expect(time).toMatch(/^23 messages in \d+\.\d s: \d+\/s$/)
  expect(lines.toReversed()).toEqual([
    syntheticFile,
    '6 dialogues: 4 DIRECT, 2 GROUP (further speakers)',
    '  Doctor → DOCTOR "doctor" (10 turns)',
    '  Patient → PATIENT "patient" (7 turns)',
    '  Guest_family → CAREGIVER "family" (1 turns)',
    '  Guest_clinician → STAFF "clinician" (1 turns)',
    '  Guest_clinican → STAFF "clinician" (1 turns)',
    '  Gest_family → CAREGIVER "family" (1 turns)',
    '  Guest_family_1 → CAREGIVER "family-1" (1 turns)',
    '  Guest_family2 → CAREGIVER "family-2" (1 turns)',
    '  Docotr_2 → DOCTOR "doctor-2" (1 turns)',
    '  Doctor_2 → DOCTOR "doctor-2" (1 turns)',
    'dialogue 0, line 5: skipped: a blank line',
    'dialogue 0, line 7: skipped: a turn without words',
    'dialogue 2, line 5: skipped: no label',
    'dialogue 2, line 7: skipped: no label',
    'dialogue 5, line 2: skipped: a turn without words',
    'people: 13 added, 0 there already, 0 refused',
    'appointments: 6 added, 0 there already, 0 refused',
    'conversations: 6 added, 0 there already, 0 refused',
    'messages: 23 added, 0 there already, 0 refused',
    'skipped: 1 × a blank line',
    'skipped: 2 × a turn without words',
    'skipped: 2 × no label',
    'imports ended: 6 conversations',
  ])
  expect(complaintsOf(command)).toBe('')
  expect((await seenBy(world, syntheticFile)).size).toBe(6)
})

it('exits with 1 where something was refused, and repeats nothing of it', async () => {
  const secret = randomUUID()
  await using file = await temporaryFile([
    { person: { externalId: 'p', displayName: 'P', role: 'PATIENT', nickname: secret } },
    `{"message": {"body": "${secret}`,
    { message: { conversationExternalId: secret, senderExternalId: secret, body: secret } },
  ])
  const command = startImport(environmentOf(world), file.path)
  expect(await command.exitCode()).toBe(1)
  expect(command.stdout.split('\n').slice(0, 4)).toEqual([
    'line 1: refused: person: it has a field that is not known',
    'line 2: refused: it is not JSON',
    'line 3: refused: message.clientMessageId: Invalid input: expected string, received undefined',
    'lines that could not be read: 3 refused',
  ])
  expect(command.stdout + command.stderr).not.toContain(secret)
})

it('exits with 2 where it can’t be run, with one line that repeats nothing of the file', async () => {
  const secret = randomUUID()
  const directory = await mkdtemp(join(tmpdir(), 'parley-import-'))
  const file = async (name: string, content: string | Buffer) => {
    const path = join(directory, name)
    await writeFile(path, content)
    return path
  }
  const columns = 'ID,section_header,section_text,dialogue'
  const unclosed = await file('quotes.csv', `${columns}\n1,A,,"Doctor: "${secret}" x"\n`)
  const [env, help] = [environmentOf(world), 'try npm run import -- --help']
  const [notDialogues, notLines] = ['this is no file of dialogues', 'this is no file of JSON lines']
  const runs = [
    { args: ['no-such-file.jsonl'], says: 'no-such-file.jsonl: there is no such file' },
    { args: [directory, '--format', 'jsonl'], says: `${directory}: this is no file` },
    { args: ['history.txt'], says: `--format mts-dialog or --format jsonl is wanted; ${help}` },
    {
      args: [unclosed, '--frmat', 'jsonl'],
      says: `there is an option that is not known, or one without its value; ${help}`,
    },
    {
      args: [unclosed],
      says: `${unclosed}: ${notDialogues}: it is not CSV (CSV_INVALID_CLOSING_QUOTE at line 2)`,
    },
    { args: [unclosed, '--format', 'jsonl'], says: `${unclosed}: ${notLines}: it does not begin with {` },
  ]
  try {
    for (const { args, says } of runs) {
      const command = startImport(env, ...args)
      expect([await command.exitCode(), command.stdout, command.stderr]).toEqual([2, '', `${says}\n`])
    }
    const unfit = startImport({ ...env, PORT: 'x' }, syntheticFile)
    expect([await unfit.exitCode(), unfit.stderr]).toEqual([2, expect.stringContaining('PORT')])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 120_000)
