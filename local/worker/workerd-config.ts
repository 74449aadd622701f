import { readdirSync } from 'node:fs'
import { extname } from 'node:path'
import type { WorkerSettings } from './settings.ts'

export type Placement = {
  /** The folder of modules; the configuration lies in it, since workerd embeds files by relative path. */
  folder: string
  settings: WorkerSettings
  bindings: Record<string, string>
  objects_folder: string
}

/** A value of a Cap'n Proto configuration. */
type Value = string | boolean | Value[] | { [name: string]: Value } | Embedded
class Embedded {
  readonly file: string
  constructor(file: string) {
    this.file = file
  }
}

/** The Worker on one socket and, on another, a gateway that fires its cron triggers. */
export function workerdConfig({ folder, settings, bindings, objects_folder }: Placement): string {
  const { compatibility_date, compatibility_flags, classes, durable_objects } = settings
  const texts = Object.entries({ ...settings.vars, ...bindings }).map(([name, value]) =>
    typeof value === 'string' ? { name, text: value } : { name, json: JSON.stringify(value) },
  )
  const objects = durable_objects.map(({ name, class_name }) => ({ name, durableObjectNamespace: class_name }))
  const worker: Value = {
    modules: modulesIn(folder),
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    bindings: [...texts, ...objects],
    durableObjectNamespaces: classes.map(({ class_name, sqlite }) => {
      return { className: class_name, uniqueKey: `tableside-${class_name}`, enableSql: sqlite }
    }),
    durableObjectStorage: { localDisk: 'objects' },
  }
  const gateway: Value = {
    modules: [{ name: 'gateway.js', esModule: gateway_source }],
    compatibilityDate: compatibility_date,
    compatibilityFlags: ['service_binding_extra_handlers'],
    bindings: [{ name: 'WORKER', service: 'worker' }],
  }
  const network: Value = { allow: ['public', 'private'], tlsOptions: { trustBrowserCas: true } }
  const config: Value = {
    services: [
      { name: 'worker', worker },
      { name: 'gateway', worker: gateway },
      { name: 'objects', disk: { path: objects_folder, writable: true } },
      { name: 'internet', network },
    ],
    sockets: [
      { name: 'worker', http: {}, service: 'worker' },
      { name: 'gateway', http: {}, service: 'gateway' },
    ],
  }
  return `using Workerd = import "/workerd/workerd.capnp";\nconst config :Workerd.Config = ${print(config)};\n`
}

const gateway_source = `export default {
  async fetch(request, env) {
    const { cron, time } = await request.json()
    const { outcome, noRetry } = await env.WORKER.scheduled({ cron, scheduledTime: new Date(time) })
    return Response.json({ outcome, no_retry: noRetry })
  },
}`

const module_kinds = new Map([
  ['.js', 'esModule'],
  ['.mjs', 'esModule'],
  ['.wasm', 'wasm'],
  ['.txt', 'text'],
  ['.html', 'text'],
  ['.sql', 'text'],
  ['.bin', 'data'],
])

/** The main module first, as workerd wants it. */
function modulesIn(folder: string): Value[] {
  const names = readdirSync(folder).filter((name) => module_kinds.has(extname(name)))
  const others = names.filter((name) => name !== 'worker.js')
  return ['worker.js', ...others].map((name) => {
    return { name, [module_kinds.get(extname(name)) ?? 'data']: new Embedded(name) }
  })
}

function print(value: Value): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'boolean') return String(value)
  if (value instanceof Embedded) return `embed ${quote(value.file)}`
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  const fields = Object.entries(value).map(([name, field]) => `${name} = ${print(field)}`)
  return `(${fields.join(', ')})`
}

function hexEscape(control: string): string {
  // An escape is a byte, so that only ASCII has one.
  return control > '\u007f' ? control : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** Cap'n Proto knows no \u escapes: other characters stand as they are, in UTF-8. */
function quote(text: string): string {
  const escaped = text.replace(/["\\]/g, (character) => `\\${character}`).replace(/\p{Cc}/gu, hexEscape)
  return `"${escaped}"`
}
