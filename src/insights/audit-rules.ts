import type { Change, Json } from './audit-schema.ts'

/** R203. What a seal is signed for: no signature of one house or place stands for another. */
export const sealLabel = 'audit seal'
export function sealText(restaurant_id: string, seal_no: number, digest: string): string {
  return `${restaurant_id}:${seal_no}:${digest}`
}

/**
 * R200. What became different, leaf by leaf: `path` in dots, `null` where there was nothing. `version` and `updated_at`
 * change with everything, and say nothing.
 */
export function changesOf(before: Json, after: Json): Change[] {
  const [was, is] = [leavesOf(before), leavesOf(after)]
  const paths = [...new Set([...was.keys(), ...is.keys()])]
  return paths.toSorted().flatMap((path) => {
    if (path === 'version' || path === 'updated_at') return []
    const [old, now] = [was.get(path) ?? null, is.get(path) ?? null]
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ path, before: old, after: now }]
  })
}

/** Objects are gone into; a list is one value. */
function leavesOf(value: Json): Map<string, Json> {
  const found = new Map<string, Json>()
  const walk = (at: string, one: Json): void => {
    if (isObject(one) && Object.keys(one).length > 0) {
      for (const [name, inner] of Object.entries(one)) walk(at === '' ? name : `${at}.${name}`, inner)
    } else if (at !== '') found.set(at, one)
  }
  walk('', value)
  return found
}

/** How to reach somebody, who they are and what the house notes of them. */
const personal =
  /(^|_)(name|phone|phone_number|email|birthday|notes|other_info|allergies|nickname|member|note|address)$/

/** R205. For who may not read guests: the same, without what is about a person. */
export function withoutPersons(value: Json): Json {
  if (Array.isArray(value)) return value.map((one) => withoutPersons(one))
  if (!isObject(value)) return value
  const kept = Object.entries(value).map(([name, inner]): [string, Json] => [
    name,
    personal.test(name) ? null : withoutPersons(inner),
  ])
  return Object.fromEntries(kept)
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
