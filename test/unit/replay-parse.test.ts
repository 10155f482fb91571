import { describe, expect, it } from 'vitest'
import { personOf } from '../../src/tools/mts-dialog/mapping.js'
import { parseScript } from '../../src/tools/mts-dialog/parse.js'
import { differences } from '../../src/tools/replay/compare.js'

const parse = (csv: string) => parseScript(new TextEncoder().encode(csv))

const file = (...dialogues: readonly string[]) => {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
  const rows = dialogues.map(
    (dialogue, index) => `${index},GENHX,${quoted('Notes, in two\nlines.')},${quoted(dialogue)}`,
  )
  return `${['ID,section_header,section_text,dialogue', ...rows].join('\r\n')}\r\n`
}

const parseOne = (...lines: readonly string[]) => {
  const { dialogues, remarks } = parse(file(lines.join('\r\n')))
  const dialogue = dialogues[0]
  if (!dialogue) throw new Error('no dialogue')
  return { ...dialogue, said: dialogue.turns.map(({ speaker, body }) => [speaker, body]), remarks }
}

describe('reading a file of dialogues', () => {
  it('takes the words byte for byte: after label, colon and one space, up to the end of the line', () => {
    const { said, remarks } = parseOne(
      'Doctor: How are you? ',
      'Patient:  Two spaces in front\tand "quotes", commas: colons.  ',
      'Doctor:No space',
    )
    expect(said).toEqual([
      ['doctor', 'How are you? '],
      ['patient', ' Two spaces in front\tand "quotes", commas: colons.  '],
      ['doctor', 'No space'],
    ])
    expect(remarks).toEqual([])
  })

  it('reads Windows and Unix line ends, within dialogues and between them', () => {
    const csv = file('Doctor: a\nPatient: b\r\nDoctor: c\n', 'Doctor: d')
    for (const text of [csv, csv.replaceAll('\r\n', '\n'), `\uFEFF${csv}`]) {
      const bodies = parse(text).dialogues.map((dialogue) => dialogue.turns.map((turn) => turn.body))
      expect(bodies).toEqual([['a', 'b', 'c'], ['d']])
    }
  })

  it('ignores spaces before a label', () => {
    expect(parseOne(' Doctor: a', '\t Patient: b').said).toEqual([
      ['doctor', 'a'],
      ['patient', 'b'],
    ])
  })

  it('skips blank turns and blank lines, and says where', () => {
    const { said, remarks } = parseOne('Doctor: a', 'Patient:  ', '', 'Doctor:', 'Patient: b')
    expect(said).toEqual([
      ['doctor', 'a'],
      ['patient', 'b'],
    ])
    expect(remarks.map(({ kind, line }) => [line, kind])).toEqual([
      [3, 'blank line, skipped'],
      [2, 'blank turn, skipped'],
      [4, 'blank turn, skipped'],
    ])
  })

  it('adds a line without label to the turn before', () => {
    const { said, remarks } = parseOne('Sp 3', 'Doctor: a', 'Note: b ', 'Patient:', 'c')
    expect(said).toEqual([
      ['doctor', 'a\nNote: b '],
      ['patient', '\nc'],
    ])
    expect(remarks.map(({ kind, line }) => [line, kind])).toEqual([
      [1, 'no label and no turn before: not sent'],
      [3, 'no label: added to the turn before'],
      [5, 'no label: added to the turn before'],
    ])
  })

  it('takes a full stop for the colon only after a label that is spelt right', () => {
    const { said, remarks } = parseOne(
      'Doctor: a',
      "Guest_family. Hello. I'm his wife. ",
      'Patients. Many of them.',
    )
    expect(said).toEqual([
      ['doctor', 'a'],
      ['family', "Hello. I'm his wife. \nPatients. Many of them."],
    ])
    expect(remarks.map(({ kind }) => kind)).toEqual([
      'label ends with a full stop',
      'no label: added to the turn before',
    ])
  })

  it('always casts a doctor and a patient, and everybody else once', () => {
    const { cast, remarks } = parseOne(
      'Guest_clinician: a',
      'Gest_family: b',
      'Guest_family: c',
      'Docotr_2: d',
    )
    expect(cast).toEqual([
      { key: 'clinician', role: 'STAFF' },
      { key: 'family', role: 'CAREGIVER' },
      { key: 'doctor-2', role: 'DOCTOR' },
      { key: 'patient', role: 'PATIENT' },
    ])
    expect(remarks.map(({ kind, text }) => [kind, text])).toEqual([
      ['misspelt label', 'Gest_family'],
      ['misspelt label', 'Docotr_2'],
    ])
    expect(parseOne('Doctor: alone').cast.map(({ key }) => key)).toEqual(['doctor', 'patient'])
  })

  it('tells dialogues of the same ID apart', () => {
    const csv = 'ID,section_header,section_text,dialogue\n7,A,,Doctor: a\n7,A,,Doctor: b\n'
    expect(parse(csv).dialogues.map(({ id }) => id)).toEqual(['7', '7.2'])
  })

  it('refuses what is no file of dialogues', () => {
    expect(() => parse('a,b\n1,2\n')).toThrow('no file of dialogues')
    expect(() => parseScript(new Uint8Array([0x49, 0xff, 0xfe]))).toThrow()
  })
})

describe('labels', () => {
  it.each([
    ['Doctor', 'doctor', 'DOCTOR', false],
    ['Docotr_2', 'doctor-2', 'DOCTOR', true],
    ['Guest_family', 'family', 'CAREGIVER', false],
    ['Guest_family_1', 'family-1', 'CAREGIVER', false],
    ['Guest_family2', 'family-2', 'CAREGIVER', false],
    ['Gest_family', 'family', 'CAREGIVER', true],
    ['Guest_clinican', 'clinician', 'STAFF', true],
  ])('%s is %s, a %s', (label, key, role, isMisspelt) => {
    expect(personOf(label)).toEqual({ person: { key, role }, isMisspelt })
  })

  it.each(['Note', 'Sp 3', 'Guest', 'Mother', ''])('%j is none', (label) => {
    expect(personOf(label)).toBeUndefined()
  })
})

describe('comparing with the file', () => {
  const [a, b] = [
    { speaker: 'x', body: 'a' },
    { speaker: 'y', body: 'b ' },
  ]

  it('finds nothing where all is equal', () => {
    expect(differences([a, b], [a, b])).toEqual([])
  })

  it('finds what is lost, doubled, out of order, altered, or in another mouth', () => {
    expect(differences([a, b], [a])).toEqual(['turn 2 is nothing instead of y "b "'])
    expect(differences([a], [a, a])).toEqual(['turn 2 is x "a" instead of nothing'])
    expect(differences([a, b], [b, a])).toHaveLength(2)
    expect(differences([b], [{ ...b, body: 'b' }])).toEqual(['turn 1 is y "b" instead of y "b "'])
    expect(differences([a], [{ ...a, speaker: 'y' }])).toHaveLength(1)
  })
})
