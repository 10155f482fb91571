/** Which web pages may talk to us. A request without an Origin header is no page's: native apps, servers, curl. */
export class Origins {
  private readonly allowed: Set<string>

  constructor(allowed: readonly string[]) {
    this.allowed = new Set(allowed)
  }

  add(...origins: string[]): void {
    for (const origin of origins) this.allowed.add(origin)
  }

  allows(origin: string | undefined): boolean {
    return origin === undefined || this.allowed.has(origin)
  }
}
