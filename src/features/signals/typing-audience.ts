import type { SignalReaders } from './readers.js'
import type { TypingBoard } from './typing-board.js'

type Changed = (conversationId: string) => void

/**
 * Who of a node's people watches all of their conversations. Whose conversation it is, is asked once for each change, and not once
 * for each watcher.
 */
export class TypingAudience {
  private readonly people = new Map<string, Set<Changed>>()

  constructor(board: TypingBoard, readers: SignalReaders) {
    board.listen((conversationId) => {
      if (this.people.size === 0) return
      readers.participants.load(conversationId).then(
        (userIds) => {
          for (const userId of userIds) this.tell(userId, conversationId)
        },
        // What can't be known now each watcher asks for itself, until it can.
        () => {
          for (const userId of this.people.keys()) this.tell(userId, conversationId)
        },
      )
    })
  }

  /** Calls back with each of this person's conversations whose typists changed; returns how to stop. */
  watch(userId: string, changed: Changed): () => void {
    const watchers = this.people.get(userId) ?? new Set()
    this.people.set(userId, watchers.add(changed))
    return () => {
      watchers.delete(changed)
      if (watchers.size === 0 && this.people.get(userId) === watchers) this.people.delete(userId)
    }
  }

  private tell(userId: string, conversationId: string): void {
    for (const changed of [...(this.people.get(userId) ?? [])]) changed(conversationId)
  }
}
