import { parseArgs } from 'node:util'

export type Options = {
  seed: number
  quick: boolean
  /** Only these; all without it. */
  scenarios: string[]
  clients: number
  /** For how long a client asks again that has got no answer. */
  patience_ms: number
  /** Over each scenario's own number of rounds. */
  rounds: number | null
  plant: string | null
  /** A running deployment; null for a stack of one's own. */
  deployment: { origin: string; database_url: string; platform_key: string } | null
}

export const usage = `npm run prove -- [options]

  --quick                a minute or two, for every change; without it, a few minutes
  --seed N               ask the same questions again
  --scenario NAME        only this one; may be given more than once
  --clients N            how many speak at once (64)
  --patience SECONDS     for how long a client asks again that has got no answer (45)
  --rounds N             over each scenario's own number
  --plant NAME           put a bug in first, to see the proof fail (own stack only)
  --origin URL --database-url URL --platform-key KEY
                         prove a running deployment, where nothing is broken on purpose
  --list                 names of scenarios and bugs`

/** What the command line says; throws with a sentence where it makes no sense. */
export function readOptions(args: string[]): Options & { list: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      seed: { type: 'string' },
      scenario: { type: 'string', multiple: true, default: [] },
      clients: { type: 'string' },
      patience: { type: 'string' },
      rounds: { type: 'string' },
      plant: { type: 'string' },
      origin: { type: 'string' },
      'database-url': { type: 'string' },
      'platform-key': { type: 'string' },
    },
  })
  const { origin, 'database-url': database_url, 'platform-key': platform_key, plant = null } = values
  const given = [origin, database_url, platform_key].filter((value) => value !== undefined).length
  if (given !== 0 && given !== 3) throw new Error('--origin, --database-url and --platform-key go together')
  const deployment = origin && database_url && platform_key ? { origin, database_url, platform_key } : null
  if (deployment && plant) throw new Error('A bug is planted in a stack of our own, never in a deployment')
  return {
    list: values.list,
    quick: values.quick,
    seed: count('--seed', values.seed) ?? Math.floor(Math.random() * 1_000_000_000),
    scenarios: values.scenario,
    clients: count('--clients', values.clients) ?? 64,
    patience_ms: (count('--patience', values.patience) ?? 45) * 1_000,
    rounds: count('--rounds', values.rounds),
    plant,
    deployment,
  }
}

function count(name: string, value: string | undefined): number | null {
  if (value === undefined) return null
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} wants a number, and "${value}" is none`)
  return Number(value)
}
