const mostSockets = 20

/** How many sockets each person has on this node. */
export class Seats {
  private readonly taken = new Map<string, number>()

  /** Takes one of a person's; returns how to give it back, or null where they have as many as they may. */
  take(userId: string): (() => void) | null {
    const count = this.taken.get(userId) ?? 0
    if (count >= mostSockets) return null
    this.taken.set(userId, count + 1)
    let isGivenBack = false
    return () => {
      if (isGivenBack) return
      isGivenBack = true
      const left = (this.taken.get(userId) ?? 1) - 1
      if (left === 0) this.taken.delete(userId)
      else this.taken.set(userId, left)
    }
  }
}
