import { type ApolloSession, openApollo } from '../../examples/apollo/client.js'
import type { FollowerState } from '../../examples/kit/follower.js'
import { Kit } from '../../examples/kit/kit.js'
import { Patience } from '../../examples/kit/patience.js'
import { MemoryStorage, type Storage } from '../../examples/kit/storage.js'
import type { FetchToken } from '../../examples/kit/tokens.js'
import { Network } from './kit-network.js'
import type { Person } from './person.js'
import { token } from './world.js'

/** Tests have no half minutes to wait. */
export const quickPatience = () => new Patience(() => 20)

export interface Device {
  readonly kit: Kit
  readonly network: Network
  readonly storage: Storage
  readonly states: FollowerState[]
}

export interface DeviceOptions {
  readonly storage?: Storage
  readonly network?: Network
  /** How long each token is good for, in seconds. */
  readonly tokens?: () => number
  /** In place of all tokens. */
  readonly token?: FetchToken
  /** Where the states are noted. */
  readonly states?: FollowerState[]
}

/** Somebody's device with the framework-free kit. */
export async function openDevice(person: Person, options: DeviceOptions = {}): Promise<Device> {
  const { storage = new MemoryStorage(), network = new Network(), states = [] } = options
  const kit = await Kit.open({
    url: person.world.url(person.node),
    person: person.externalId,
    token: tokensOf(person, options),
    storage,
    webSocketImpl: network.webSocketImpl,
    patience: quickPatience(),
    onState: (state) => states.push(state),
  })
  return { kit, network, storage, states }
}

export interface ApolloDevice {
  readonly apollo: ApolloSession
  readonly network: Network
  readonly storage: Storage
}

/** Somebody's device with Apollo Client. */
export async function openApolloDevice(person: Person, options: DeviceOptions = {}): Promise<ApolloDevice> {
  const { storage = new MemoryStorage(), network = new Network() } = options
  const apollo = await openApollo({
    url: person.world.url(person.node),
    person: person.externalId,
    token: tokensOf(person, options),
    storage,
    webSocketImpl: network.webSocketImpl,
    fetch: network.fetch,
    patience: quickPatience(),
  })
  return { apollo, network, storage }
}

function tokensOf(person: Person, { tokens = () => 3600, token: given }: DeviceOptions): FetchToken {
  return given ?? (() => token(person.externalId, tokens()))
}
