import type { Client } from 'graphql-ws'
import type { Person } from '../../support/person.js'
import { fetchAll, type Replica, type Update, updatesDocument } from './replica.js'

const comeBackMilliseconds = 50

/** A device that keeps a copy from its stream, and comes back with its last cursor whenever the connection ends. */
export class Device {
  readonly faults: unknown[] = []
  private client: Client | null = null
  private isStopped = false

  private constructor(
    readonly person: Person,
    readonly replica: Replica,
  ) {}

  static async start(person: Person): Promise<Device> {
    const { replica } = await fetchAll(person)
    const device = new Device(person, replica)
    device.follow()
    return device
  }

  /** Loses the connection. */
  async drop(): Promise<void> {
    await this.client?.dispose()
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await this.drop()
  }

  private follow(): void {
    const client = this.person.socket()
    this.client = client
    const comeBack = () => {
      void client.dispose()
      if (!this.isStopped) setTimeout(() => this.follow(), comeBackMilliseconds)
    }
    client.subscribe<{ updates: Update }>(
      { query: updatesDocument, variables: { after: this.replica.cursor } },
      {
        next: ({ data, errors }) => {
          if (errors || !data) this.faults.push(errors)
          else if (data.updates.change?.__typename === 'StreamReset') this.faults.push(data.updates.change)
          else this.replica.apply(data.updates)
        },
        error: comeBack,
        complete: comeBack,
      },
    )
  }
}
