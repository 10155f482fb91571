import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Terminal } from '../../examples/chat/terminal.js'
import { ChatProcess } from '../support/kit-chat.js'
import { World } from '../support/world.js'

/** Each terminal is a program that has to start. */
const slowly = { timeout: 120_000 }

let world: World
let folder: string
const chats: ChatProcess[] = []
beforeAll(async () => {
  world = await World.start()
  folder = await mkdtemp(join(tmpdir(), 'parley-chat-'))
})
afterAll(async () => {
  for (const chat of chats) chat.kill()
  await world[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function start(...given: Parameters<typeof ChatProcess.start>): Promise<ChatProcess> {
  const chat = await ChatProcess.start(...given)
  chats.push(chat)
  return chat
}

test(
  'two people talk from two terminals: messages, receipts, typing, presence, corrections',
  slowly,
  async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await doctor.send(conversationId, 'Good morning.')
    const hers = await start(patient, join(folder, 'patient'))
    await hers.prints(/\[1\] \d\d:\d\d doctor-\d+: Good morning\./)
    await hers.prints(/\(online\)/)
    const his = await start(doctor, join(folder, 'doctor'), ['--with', patient.externalId])
    await his.prints(/── patient-\d+ ──/)
    await his.prints(/● patient-\d+ is online/)
    await hers.prints(/● doctor-\d+ is online/)

    hers.write('I have slept ')
    await his.prints(/… patient-\d+ typing/)
    hers.say('badly.')
    await his.prints(/\[2\] \d\d:\d\d patient-\d+: I have slept badly\.\n/)
    await hers.prints(/✓✓ read up to \[2\]/)
    his.say('/reply 2 Since when?')
    await hers.prints(/\[3\] .*“I have slept badly\.” → Since when\?/)
    hers.say('/edit 2 I have not slept.')
    await his.prints(/\[2\] .*: I have not slept\. \(edited\)/)
    his.say('/delete 3')
    await hers.prints(/\[3\] .*: \(deleted\)/)
    his.say('/react 2 ❤')
    await hers.prints(/\[2\] .*: I have not slept\. \(edited\) \{❤️\}/)
    his.say('/pin 2')
    await hers.prints(/\[2\] .* \{pinned, ❤️\}/)
    his.say('/react 2 ❤️')
    await hers.prints(/\[2\] .* \{pinned\}/)
    hers.say('/urgent 3 hours at most!')
    await his.prints(/\[4\] .*: 3 hours at most! \{urgent\}/)
    his.say('/ack 4')
    await hers.prints(/\[4\] .*: 3 hours at most! \{urgent, acknowledged by doctor-\d+\}/)
    his.say('/edit 2 Not mine')
    await his.prints(/✗ /)
    his.say('/quit')
    await hers.prints(/○ doctor-\d+ is offline/)
    expect(await his.exitCode()).toBe(0)
    hers.say('/quit')
    expect(await hers.exitCode()).toBe(0)
  },
)

test(
  'what was kept is there at once when it starts again, and what was missed comes once',
  slowly,
  async () => {
    const { patient, doctor, conversationId } = await world.pair()
    await doctor.send(conversationId, 'before')
    const first = await start(patient, join(folder, 'again'))
    await first.prints(/: before\n/)
    await first.prints(/\(online\)/)
    first.say('mine')
    await first.prints(/\[2\] .* me: mine ✓/)
    first.say('/quit')
    expect(await first.exitCode()).toBe(0)
    await doctor.send(conversationId, 'meanwhile')
    const second = await start(patient, join(folder, 'again'))
    await second.prints(/: before\n(?:.*\n)*.*me: mine(?:.*\n)*.*: meanwhile\n/)
    expect(second.all.match(/meanwhile/g)).toHaveLength(1)
    second.say('/quit')
    expect(await second.exitCode()).toBe(0)
  },
)

test(
  'whoever has not been talked to yet is there too: a conversation is opened, with their presence',
  slowly,
  async () => {
    const [patient, doctor] = [await world.person('PATIENT'), await world.person('DOCTOR')]
    await world.appointment(patient, doctor)
    const his = await start(doctor, join(folder, 'opens'), ['--with', patient.externalId])
    await his.prints(/── patient-\d+ ──/)
    await his.prints(/○ patient-\d+ is offline/)
    const hers = await start(patient, join(folder, 'is-opened'))
    await his.prints(/● patient-\d+ is online/)
    for (const chat of [his, hers]) {
      chat.say('/quit')
      expect(await chat.exitCode()).toBe(0)
    }
  },
)

test.each([true, false])(
  'what names and titles hold moves no cursor and adds no line (a terminal: %s)',
  (isTTY) => {
    const [input, output] = [Object.assign(new PassThrough(), { isTTY }), new PassThrough()]
    const terminal = new Terminal(input, output)
    const evil = 'care\u001b[2J\u009b2J\r\ntea\u202em\u2028'
    terminal.print(`── ${evil} ──`)
    terminal.setPrompt(`… ${evil} typing > `)
    terminal.close()
    const printed = String(output.read())
    expect(printed).toContain('── care [2J 2J tea m  ──\n')
    expect(printed.includes('… care [2J 2J tea m  typing > ')).toBe(isTTY)
    for (const each of ['\u001b[2J', '\u009b', '\u202e', '\u2028']) expect(printed).not.toContain(each)
  },
)

test('whoever is not let in is told so', slowly, async () => {
  const nobody = world.platform()
  const chat = await start(nobody, join(folder, 'nobody'), ['--token', 'nonsense'])
  await chat.prints(/platform is not let in/)
  expect(await chat.exitCode()).toBe(1)
})
