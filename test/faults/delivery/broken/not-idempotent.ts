import { randomUUID } from 'node:crypto'
import { SendLanes } from '../../../../src/features/messages/send-lanes.js'
import { startBroken } from './start.js'

// Each attempt is a message: the client's own id is not looked at.

const send = SendLanes.prototype.send

SendLanes.prototype.send = function (message) {
  return send.call(this, { ...message, clientMessageId: randomUUID() })
}

await startBroken()
