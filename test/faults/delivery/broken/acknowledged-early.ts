import { SendLanes } from '../../../../src/features/messages/send-lanes.js'
import { startBroken } from './start.js'

// A message is acknowledged once it lies in the memory of the node, which means to write it down soon.

const later = 50
const send = SendLanes.prototype.send

SendLanes.prototype.send = async function (message) {
  setTimeout(() => {
    // There is nobody left to tell.
    send.call(this, message).catch(() => {})
  }, later)
  return { outcome: 'SENT', messageId: message.id, sequence: 1, sentAt: new Date() }
}

await startBroken()
