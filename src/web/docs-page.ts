import * as z from 'zod'

/** As much of OpenAPI 3.1 as the reader shows. */
const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  format: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
})
const Content = z.record(z.string(), z.looseObject({ schema: z.unknown() }))
const Operation = z.looseObject({
  tags: z.array(z.string()).default(['Other']),
  summary: z.string().default(''),
  description: z.string().optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        schema: z.unknown(),
        description: z.string().optional(),
      }),
    )
    .default([]),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: Content.optional() })),
})
const OpenApi = z.looseObject({
  info: z.looseObject({ title: z.string(), description: z.string().default('') }),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()).default({}) }).default({ schemas: {} }),
})

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const safe = (value: string): string => value.replace(/[&<>"]/g, (char) => escapes[char] ?? char)

/** No script runs and nothing is fetched, whatever a description says. */
export const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** The API's own description as a page to read: no script, nothing from elsewhere. */
export function docsPage(document: unknown): string {
  const { info, paths, components } = OpenApi.parse(document)
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method,
      operation,
      tag: operation.tags[0] ?? 'Other',
    })),
  )
  const tags = [...new Set(operations.map((one) => one.tag))]
  const sections = tags.map(
    (tag) =>
      `<section id="${safe(tag)}"><h2>${safe(tag)}</h2>${operations
        .filter((one) => one.tag === tag)
        .map((one) => operationBlock(one.method, one.path, one.operation, components.schemas))
        .join('')}</section>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${safe(info.title)} API</title><style>${style}</style></head><body><header><h1>${safe(info.title)} API</h1><p>${safe(info.description)}</p>
<p><a href="/openapi.json">openapi.json</a> · <a href="/llms.txt">llms.txt</a></p><nav aria-label="Parts">${tags.map((tag) => `<a href="#${safe(tag)}">${safe(tag)}</a>`).join('')}</nav></header><main>${sections.join('')}</main></body></html>`
}

type Schemas = Record<string, unknown>

function operationBlock(method: string, path: string, one: z.infer<typeof Operation>, schemas: Schemas): string {
  const body = one.requestBody?.content['application/json']?.schema
  const [status, answer] = Object.entries(one.responses).find(([code]) => code.startsWith('2')) ?? ['200', {}]
  const data = Schema.safeParse(answer.content?.['application/json']?.schema).data?.properties?.['data']
  const parameters = one.parameters.map(
    (parameter) =>
      `<li><code>${safe(parameter.name)}</code> <em>${parameter.in}${parameter.required ? '' : ', optional'}</em> ${shape(parameter.schema, schemas, 0)}</li>`,
  )
  return `<details><summary><b class="${method}">${method.toUpperCase()}</b> <code>${safe(path)}</code> <span>${safe(one.summary)}</span></summary>
${one.description ? `<p>${safe(one.description)}</p>` : ''}
${parameters.length > 0 ? `<h3>Parameters</h3><ul>${parameters.join('')}</ul>` : ''}
${body ? `<h3>Body</h3>${shape(body, schemas, 0)}` : ''}
<h3>Answer ${status}: <code>data</code></h3>${shape(data ?? {}, schemas, 0)}</details>`
}

/** A schema in words: its type, and below it what it is made of, four levels deep. */
function shape(raw: unknown, schemas: Schemas, depth: number): string {
  const schema = Schema.safeParse(raw).data
  if (!schema) return ''
  if (schema.$ref) {
    const name = schema.$ref.replace(/^.*\//, '')
    return `<i>${safe(name)}</i>${depth < 4 ? shape(schemas[name], schemas, depth + 1) : ''}`
  }
  const branches = schema.anyOf ?? schema.oneOf
  const note = schema.description ? ` <small>${safe(schema.description)}</small>` : ''
  if (branches)
    return `${note}<ul class="or">${branches.map((branch) => `<li>${shape(branch, schemas, depth + 1)}</li>`).join('')}</ul>`
  if (schema.properties) {
    const required = new Set(schema.required)
    const fields = Object.entries(schema.properties).map(
      ([name, field]) =>
        `<li><code>${safe(name)}</code>${required.has(name) ? '' : ' <em>optional</em>'} ${depth < 4 ? shape(field, schemas, depth + 1) : ''}</li>`,
    )
    return `${note}<ul>${fields.join('')}</ul>`
  }
  if (schema.items !== undefined) return `list of ${shape(schema.items, schemas, depth + 1)}${note}`
  const type = [schema.type ?? 'any'].flat().join(' or ')
  const values = schema.enum
    ? `: ${schema.enum.map((value) => `<code>${safe(JSON.stringify(value))}</code>`).join(' ')}`
    : ''
  return `${safe(type)}${schema.format ? ` (${safe(schema.format)})` : ''}${values}${note}`
}

const style = `:root{color-scheme:light dark;--ink:light-dark(#1d2129,#e8e6e1);--paper:light-dark(#fdfcfa,#16181c);--line:light-dark(#ddd8d0,#34383f);--accent:light-dark(#8a2c1d,#f0a48f)}
*{box-sizing:border-box}body{margin:0 auto;max-width:62rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
a{color:var(--accent)}nav{display:flex;flex-wrap:wrap;gap:.4rem 1rem}h1{margin:0;font-size:1.7rem}h2{margin:2rem 0 .6rem;font-size:1.2rem}h3{margin:1rem 0 .2rem;font-size:.95rem}
details{border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:0 .8rem}details[open]{padding-bottom:.8rem}summary{padding:.5rem 0;cursor:pointer}summary:focus-visible{outline:2px solid var(--accent)}
summary b{display:inline-block;min-width:4.2rem;color:var(--accent);font-size:.85rem}summary span{opacity:.8}code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}ul{margin:.2rem 0;padding-left:1.2rem}ul.or{list-style:"or ";padding-left:1.8rem}em{font-style:normal;opacity:.65;font-size:.9em}small{opacity:.75}`
