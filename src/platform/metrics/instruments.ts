import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Adds one, or so many. */
export type Count = (by?: number) => void

/** The same by what a label says. */
export type CountBy<Value extends string> = (value: Value, by?: number) => void

/** Where a value is had from when somebody asks for it; null: it is not known now, and left out. */
export type Look<Value> = () => Value | null | Promise<Value | null>

/** What is counted from zero on, so that a rate can be told from its first increase on. */
export function counter(registry: Registry, name: string, help: string): Count {
  const it = new Counter({ name, help, registers: [registry] })
  return (by = 1) => it.inc(by)
}

/** A counter whose label has these values and no others; each is there, as zero, from the start. */
export function counterBy<Value extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: readonly Value[],
): CountBy<Value> {
  const it = new Counter({ name, help, labelNames: [label], registers: [registry] })
  const children = new Map<string, ReturnType<typeof it.labels>>()
  for (const value of values) {
    const child = it.labels(value)
    child.inc(0)
    children.set(value, child)
  }
  return (value, by = 1) => children.get(value)?.inc(by)
}

export function histogram(
  registry: Registry,
  name: string,
  help: string,
  buckets: readonly number[],
): (value: number) => void {
  const it = new Histogram({ name, help, buckets: [...buckets], registers: [registry] })
  return (value) => it.observe(value)
}

/** A histogram for each value of a label; each is there, empty, from the start. */
export function histogramBy<Value extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  values: readonly Value[],
  buckets: readonly number[],
): (value: Value, observed: number) => void {
  const it = new Histogram({
    name,
    help,
    labelNames: [label],
    buckets: [...buckets],
    registers: [registry],
  })
  const children = new Map<string, ReturnType<typeof it.labels>>()
  for (const value of values) {
    it.zero({ [label]: value })
    children.set(value, it.labels(value))
  }
  return (value, observed) => children.get(value)?.observe(observed)
}

/** A value that is looked up when it is asked for. Returns how to say where; until then there is none. */
export function gauge(registry: Registry, name: string, help: string): (look: Look<number>) => void {
  let look: Look<number> = () => null
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      const value = await known(look)
      if (value === null) this.remove()
      else this.set(value)
    },
  })
  return (from) => {
    look = from
  }
}

/** One gauge for each value of a label, looked up together. */
export function gaugeBy<Value extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: string,
): (look: Look<Readonly<Record<Value, number>>>) => void {
  let look: Look<Readonly<Record<Value, number>>> = () => null
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    async collect() {
      this.reset()
      const values = await known(look)
      for (const [value, number] of Object.entries<number>(values ?? {})) this.labels(value).set(number)
    },
  })
  return (from) => {
    look = from
  }
}

/** One that fails must not take the others with it. */
async function known<Value>(look: Look<Value>): Promise<Value | null> {
  try {
    return await look()
  } catch {
    return null
  }
}
