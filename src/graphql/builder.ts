import SchemaBuilder from '@pothos/core'
import { DateTimeResolver, URLResolver, UUIDResolver } from 'graphql-scalars'
import type { GraphContext } from './context.js'

/** The schema's builder. Fields are non-null unless they say otherwise, as in the contract. */
export const builder = new SchemaBuilder<{
  Context: GraphContext
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    UUID: { Input: string; Output: string }
    URL: { Input: URL; Output: string }
  }
}>({ defaultFieldNullability: false })

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'An instant, ISO 8601 in UTC with milliseconds, e.g. `2026-01-31T09:30:00.000Z`.',
})
builder.addScalarType('UUID', UUIDResolver, {
  description: 'A UUID of any version; comes back in lower case.',
})
builder.addScalarType('URL', URLResolver, { description: 'An absolute URL.' })

builder.queryType({
  description: 'What can be read. A field that cannot be served is null with an entry in `errors[]`.',
})
builder.mutationType({
  description:
    'What can be done. Expected failures are members of the result union: always select `... on Error`.',
})
builder.subscriptionType({ description: 'What can be followed, over graphql-ws or Server-Sent Events.' })
