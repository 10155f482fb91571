import { randomUUID } from 'node:crypto'
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

it('exits with 2 where it can’t be run', async () => {
  const runs = [
    { args: ['no-such-file.jsonl'], env: environmentOf(world), says: /no file that can be read/ },
    { args: ['history.txt'], env: environmentOf(world), says: /npm run import -- FILE/ },
    { args: [syntheticFile], env: { ...environmentOf(world), PORT: 'x' }, says: /PORT/ },
  ]
  const ended = await Promise.all(
    runs.map(async ({ args, env }) => {
      const command = startImport(env, ...args)
      return { code: await command.exitCode(), says: command.stderr }
    }),
  )
  expect(ended).toEqual(runs.map(({ says }) => ({ code: 2, says: expect.stringMatching(says) })))
})
