import type { BoundedMap } from '../../platform/bounded-map.js'
import type { OperatorConnection } from '../../platform/db/operator-connection.js'
import type { Services } from '../context.js'
import type { FoundPerson } from './people.js'

/** What the verbs of an import get: an operator's own connection, and no person who asks. */
export interface ImportContext extends Pick<Services, 'vault' | 'hints'> {
  readonly db: OperatorConnection
  readonly isOpenPolicy: boolean
  /** The ids of those named last, which never change: most lines name somebody and something that others have named. */
  readonly known: {
    readonly people: BoundedMap<string, FoundPerson>
    readonly conversations: BoundedMap<string, string>
  }
  /** Stands in the audit, where the actor of all that an import does is nobody. */
  readonly requestId: string
}
