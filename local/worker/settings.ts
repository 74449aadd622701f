import * as z from 'zod'

/** What the Worker's configuration means for serving it here; kept as worker.json beside the bundle. */
export const WorkerSettings = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: z.record(z.string(), z.json()),
  durable_objects: z.array(z.object({ name: z.string(), class_name: z.string() })),
  /** Every class of a Durable Object that the migrations leave, bound or not. */
  classes: z.array(z.object({ class_name: z.string(), sqlite: z.boolean() })),
  crons: z.array(z.string()),
})
export type WorkerSettings = z.output<typeof WorkerSettings>

const Configuration = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  vars: z.record(z.string(), z.json()),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string(), script_name: z.undefined().optional() })),
  }),
  triggers: z.object({ crons: z.array(z.string()).default([]) }),
})

/** Bindings that plain workerd has nothing for: refused, rather than found missing when a request needs them. */
const unsupported = [
  'ai',
  'analytics_engine_datasets',
  'assets',
  'browser',
  'd1_databases',
  'hyperdrive',
  'kv_namespaces',
  'queues.producers',
  'r2_buckets',
  'ratelimits',
  'send_email',
  'services',
  'vectorize',
  'workflows',
] as const

/** From wrangler.toml, as wrangler itself reads it. Importing wrangler takes a second: only a build does. */
export async function readSettings(configuration_file: string): Promise<WorkerSettings> {
  const wrangler = await import('wrangler')
  const raw = wrangler.unstable_readConfig({ config: configuration_file, env: '' })
  const found = unsupported.filter((path) => isPresent(path.split('.').reduce(property, raw)))
  if (found.length) throw new Error(`${configuration_file} has ${found.join(', ')}, which local/worker.ts cannot serve`)

  const { triggers, durable_objects, ...settings } = Configuration.parse(raw)
  const classes = wrangler.unstable_getDurableObjectClassNameToUseSQLiteMap(raw.migrations)
  return {
    ...settings,
    durable_objects: durable_objects.bindings.map(({ name, class_name }) => ({ name, class_name })),
    classes: [...classes].map(([class_name, sqlite]) => ({ class_name, sqlite })),
    crons: triggers.crons,
  }
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}

function isPresent(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined
}
