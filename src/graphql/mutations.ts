import type { InputRef, ObjectRef } from '@pothos/core'
import { DomainError } from '../errors.js'
import { builder } from './builder.js'
import type { GraphContext } from './context.js'
import { type ErrorTypeName, errorTypes } from './errors.js'

type Types = typeof builder.$inferSchemaTypes

export interface MutationOptions<Input, Payload extends object> {
  readonly description: string
  readonly input: InputRef<Input>
  readonly payload: ObjectRef<Types, Payload>
  /** The members of the result union besides the payload. Any other failure goes to `errors[]`. */
  readonly errors: readonly ErrorTypeName[]
  readonly resolve: (input: Input, ctx: GraphContext) => Promise<Payload>
}

const refusals = new WeakMap<object, ErrorTypeName>()

/** An expected failure as a value of its type: graphql-js takes an Error that is returned for one that was thrown. */
function refusalOf(error: DomainError, type: ErrorTypeName): object {
  const refusal = { ...error }
  refusals.set(refusal, type)
  return refusal
}

/** Adds a mutation in the contract's form: one input object, one result union, expected failures as values. */
export function addMutation<Input, Payload extends object>(
  name: string,
  options: MutationOptions<Input, Payload>,
): void {
  const { description, input, payload, errors, resolve } = options
  const result = builder.unionType(`${name.charAt(0).toUpperCase()}${name.slice(1)}Result`, {
    description: `What \`${name}\` answers: its payload, or why not.`,
    types: [payload, ...errors.map((error) => errorTypes[error])],
    resolveType: (value) => refusals.get(value) ?? payload.name,
  })
  builder.mutationField(name, (t) =>
    t.field({
      type: result,
      description,
      args: { input: t.arg({ type: input, required: true, description: 'The one input object.' }) },
      // Pothos can’t follow generic inputs and payloads; MutationOptions has tied them to each other.
      resolve: (async (_: unknown, args: { input: Input }, ctx: GraphContext): Promise<object> => {
        // The fields of one mutation run one after the other: each sees what the one before it did.
        ctx.loaders.clear()
        try {
          return await resolve(args.input, ctx)
        } catch (error) {
          const type = errors.find((name) => error instanceof DomainError && error.name === name)
          if (error instanceof DomainError && type) {
            ctx.metrics.errorTold(error.code)
            return refusalOf(error, type)
          }
          throw error
        }
      }) as never,
    }),
  )
}
