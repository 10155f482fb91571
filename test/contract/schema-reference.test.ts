import { buildSchema, isIntrospectionType, isSpecifiedScalarType, lexicographicSortSchema } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.js'
import { referenceOf } from '../../src/tools/reference/document.js'
import { prose } from '../../src/tools/reference/markdown.js'

const page = referenceOf(lexicographicSortSchema(schema))

/** Every description of the schema, with the element that has it. */
function descriptions(): [string, string | null | undefined][] {
  const found: [string, string | null | undefined][] = []
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue
    const isRoot = roots.some((root) => root === type)
    // The results of a mutation are told by what it answers and refuses.
    if (!isRoot && !/Result$/.test(type.name)) found.push([type.name, type.description])
    if ('getValues' in type)
      for (const value of type.getValues()) found.push([`${type.name}.${value.name}`, value.description])
    if (!('getFields' in type)) continue
    for (const field of Object.values(type.getFields())) {
      found.push([`${type.name}.${field.name}`, field.description])
      if (!('args' in field) || (isRoot && type.name === 'Mutation')) continue
      for (const argument of field.args)
        found.push([`${type.name}.${field.name}.${argument.name}`, argument.description])
    }
  }
  return found
}

test('whatever the schema says stands in the reference', () => {
  const all = descriptions()
  expect(all.length).toBeGreaterThan(300)
  expect(all.filter(([, text]) => !text || !page.includes(prose(text)))).toEqual([])
})

test('every operation has its section, and every link of the page leads to one heading', () => {
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(
    ([, text = '']) => `#${text.toLowerCase().replaceAll(' ', '-')}`,
  )
  const links = [...page.matchAll(/\]\((#[^)]*)\)/g)].map(([, target]) => target)
  expect(links.length).toBeGreaterThan(200)
  expect(links.filter((target) => headings.filter((heading) => heading === target).length !== 1)).toEqual([])
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }
  for (const [kind, type] of Object.entries(roots)) {
    for (const name of Object.keys(type?.getFields() ?? {}))
      expect(headings).toContain(`#${kind}-${name.toLowerCase()}`)
  }
})

test('a mutation tells what it takes, what it answers and what it refuses; a bar in a text ends no cell', () => {
  const small = buildSchema(`
    type Query { "Whether it works." ok(
      "How | often." times: Int = 3): Boolean! }
    type Mutation { "Says it." sendMessage("The input." input: SendMessageInput!): SendMessageResult! }
    "What to say." input SendMessageInput { "The words." body: String! "How loud." tone: Tone = LOW }
    "How loud it is." enum Tone { "Softly." LOW "Loudly." HIGH }
    "It is said." type SendMessagePayload { "What was said." message: Message! }
    "A message." type Message { "Its words." body: String! }
    "Something went wrong." interface Error { "For programs." code: String! }
    "Somebody is busy." type BusyError implements Error { "For programs." code: String! }
    "The result." union SendMessageResult = SendMessagePayload | BusyError`)
  const text = referenceOf(small)
  expect(text.slice(text.indexOf('\n- **'))).toMatchInlineSnapshot(`
    "
    - **[Messages](#messages)**: [sendMessage](#mutation-sendmessage)
    - **[Everything else](#everything-else)**: [ok](#query-ok)
    - **[Objects](#objects)**: [Message](#type-message)
    - **[Errors](#errors)**: [BusyError](#type-busyerror)
    - **[Interfaces and unions](#interfaces-and-unions)**: [Error](#interface-error)
    - **[Enums](#enums)**: [Tone](#enum-tone)

    ## Messages

    Saying something, and what becomes of it.

    ### mutation sendMessage

    Says it.

    Takes \`SendMessageInput!\` as \`input\`. What to say.

    | input | type | meaning |
    | --- | --- | --- |
    | \`body\` | \`String!\` | The words. |
    | \`tone\` | [\`Tone\`](#enum-tone) = \`LOW\` | How loud. |

    Answers \`SendMessagePayload\`. It is said.

    | field | type | meaning |
    | --- | --- | --- |
    | \`message\` | [\`Message!\`](#type-message) | What was said. |

    Or refuses: [\`BusyError\`](#type-busyerror).

    ## Everything else

    Things by their id, and this deployment.

    ### query ok

    Whether it works.

    | argument | type | meaning |
    | --- | --- | --- |
    | \`times\` | \`Int\` = \`3\` | How \\| often. |

    Gives \`Boolean!\`.

    ## Objects

    What operations give.

    ### type Message

    A message.

    | field | type | meaning |
    | --- | --- | --- |
    | \`body\` | \`String!\` | Its words. |

    ## Errors

    What a mutation refuses, and why.

    ### type BusyError

    Somebody is busy.

    Implements [\`Error\`](#interface-error).

    | field | type | meaning |
    | --- | --- | --- |
    | \`code\` | \`String!\` | For programs. |

    ## Interfaces and unions

    What may be one of several types.

    ### interface Error

    Something went wrong.

    | field | type | meaning |
    | --- | --- | --- |
    | \`code\` | \`String!\` | For programs. |

    | is one of | meaning |
    | --- | --- |
    | [\`BusyError\`](#type-busyerror) | Somebody is busy. |

    ## Enums

    What has one of a few values.

    ### enum Tone

    How loud it is.

    | value | meaning |
    | --- | --- |
    | \`LOW\` | Softly. |
    | \`HIGH\` | Loudly. |
    "
  `)
})
