import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../graphql/schema.js'

/** What schema.graphql must hold: the schema that the code makes, in alphabetical order. */
export function schemaText(): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`
}
