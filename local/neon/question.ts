import type { IncomingHttpHeaders } from 'node:http'
import * as z from 'zod'
import { parseJson } from '../control.ts'

export type Statement = z.output<typeof Statement>
const Statement = z.object({ query: z.string(), params: z.array(z.unknown()).default([]) })
const Queries = z.object({ queries: z.array(Statement) })

export type Question = {
  connection_string: string
  statements: Statement[]
  batch: boolean
  /** Rows as arrays, as the driver asks; else as objects. */
  array_mode: boolean
  begin: string
}

const isolation_levels = new Map([
  ['ReadUncommitted', 'read uncommitted'],
  ['ReadCommitted', 'read committed'],
  ['RepeatableRead', 'repeatable read'],
  ['Serializable', 'serializable'],
])

/** One query or a batch, as `neon()` sends it; what does not fit is refused with Neon's words. */
export function readQuestion(text: string, headers: IncomingHttpHeaders): Question | { refusal: string } {
  const connection_string = headers['neon-connection-string']
  if (typeof connection_string !== 'string') return { refusal: 'missing `neon-connection-string` header' }
  if (!URL.canParse(connection_string)) return { refusal: 'invalid connection string' }

  const json = parseJson(text)
  const batch = typeof json === 'object' && json !== null && 'queries' in json
  const queries = Queries.safeParse(batch ? json : { queries: [json] })
  if (!queries.success) return { refusal: 'the body is neither a query nor a batch of queries' }

  const level = headers['neon-batch-isolation-level']
  const isolation = typeof level === 'string' ? isolation_levels.get(level) : undefined
  if (level !== undefined && !isolation) return { refusal: 'invalid isolation level' }
  const begin = ['begin', ...(isolation ? [`isolation level ${isolation}`] : [])]
  if (headers['neon-batch-read-only'] === 'true') begin.push('read only')
  if (headers['neon-batch-deferrable'] === 'true') begin.push('deferrable')
  return {
    connection_string,
    statements: queries.data.queries,
    batch,
    array_mode: headers['neon-array-mode'] === 'true',
    begin: begin.join(' '),
  }
}
