import { builder } from './builder.js'
import { assertAtMost } from './connections.js'
import type { GraphContext } from './context.js'
import { type NodeName, parseGlobalId } from './global-ids.js'

/** An object of a type that has a global id, told apart by where it was loaded. */
interface LoadedNode {
  readonly type: NodeName
  readonly value: object
}

type LoadNode = (ctx: GraphContext, id: string) => Promise<object | null>

const loads = new Map<string, LoadNode>()
const typeOf = new WeakMap<object, NodeName>()

export const NodeRef = builder.interfaceRef<object>('Node').implement({
  description: 'Whatever has a global id: clients cache it under that id.',
  resolveType: (value) => typeOf.get(value),
  fields: (t) => ({
    id: t.id({ description: 'Opaque, unique over all types, the same for ever.', resolve: () => '' }),
  }),
})

/** Makes a type answer to `node` and `nodes`; `load` gives null for what the viewer may not see. */
export function registerNode(type: NodeName, load: LoadNode): void {
  loads.set(type, load)
}

async function loadNode(ctx: GraphContext, id: string): Promise<LoadedNode['value'] | null> {
  const parsed = parseGlobalId(id)
  const load = parsed && loads.get(parsed.type)
  const value = load && (await load(ctx, parsed.id))
  if (!value) return null
  typeOf.set(value, parsed.type as NodeName)
  return value
}

const mostNodes = 100

builder.queryFields((t) => ({
  node: t.field({
    type: NodeRef,
    nullable: true,
    description: 'Anything by its global id. Null for what does not exist or the viewer may not see.',
    args: { id: t.arg.id({ required: true, description: 'A global id, as any `id` field gives it.' }) },
    resolve: (_, { id }, ctx) => loadNode(ctx, id),
  }),
  nodes: t.field({
    type: [NodeRef],
    nullable: { list: false, items: true },
    description: `Up to ${mostNodes} things by their global ids, in their order, null in the place of what is not there.`,
    args: { ids: t.arg.idList({ required: true, description: `Global ids, at most ${mostNodes}.` }) },
    resolve: (_, { ids }, ctx) => {
      assertAtMost(ids.length, mostNodes, 'ids')
      return Promise.all(ids.map((id) => loadNode(ctx, id)))
    },
  }),
}))
