import type pg from 'pg'
import * as z from 'zod'
import type { Statement } from './statements.ts'

/** What a plan did with one table. */
export type Scan = {
  node: string
  relation: string
  index: string | null
  condition: string
  /** All that it read, over all its loops, and how many of it were thrown away after. */
  rows: number
  removed: number
  buffers: number
}

const Node = z.looseObject({
  'Node Type': z.string(),
  'Relation Name': z.string().optional(),
  'Index Name': z.string().optional(),
  'Index Cond': z.string().optional(),
  'Actual Rows': z.number().optional(),
  'Actual Loops': z.number().optional(),
  'Rows Removed by Filter': z.number().optional(),
  'Shared Hit Blocks': z.number().optional(),
  'Shared Read Blocks': z.number().optional(),
  get Plans() {
    return z.array(Node).optional()
  },
})
type Node = z.infer<typeof Node>

const Explained = z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: Node })]) })])

/** Runs the statement, with its parameters, and answers every scan in its plan. */
export async function scansOf(client: pg.ClientBase, { query, params }: Statement): Promise<Scan[]> {
  const { rows } = await client.query(`explain (analyze, buffers, format json) ${query}`, params)
  return scansIn(Explained.parse(rows)[0]['QUERY PLAN'][0].Plan)
}

function scansIn(node: Node): Scan[] {
  const inner = (node.Plans ?? []).flatMap(scansIn)
  if (node['Relation Name'] === undefined && node['Node Type'] !== 'Bitmap Index Scan') return inner
  const loops = node['Actual Loops'] ?? 1
  const scan = {
    node: node['Node Type'],
    relation: node['Relation Name'] ?? '',
    index: node['Index Name'] ?? null,
    condition: node['Index Cond'] ?? '',
    rows: (node['Actual Rows'] ?? 0) * loops,
    removed: (node['Rows Removed by Filter'] ?? 0) * loops,
    buffers: (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0),
  }
  return [scan, ...inner]
}

const Logged = z.object({ 'Query Text': z.string(), Plan: Node })

/**
 * Runs the work on a superuser's connection and answers the scans of every statement in it, those inside functions too:
 * EXPLAIN of a call shows nothing of what the function does.
 */
export async function nestedScans(client: pg.Client, work: () => Promise<unknown>): Promise<Scan[]> {
  const plans: Node[] = []
  const hear = (notice: { message?: string | undefined }): void => {
    const [, json] = /plan:\s*(\{[\s\S]*\})\s*$/.exec(notice.message ?? '') ?? []
    if (json) plans.push(Logged.parse(JSON.parse(json)).Plan)
  }
  await client.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on; set auto_explain.log_buffers = on; set auto_explain.log_timing = off;
    set auto_explain.log_format = json; set client_min_messages = log`)
  client.on('notice', hear)
  try {
    await work()
  } finally {
    await client.query('set client_min_messages = warning; set auto_explain.log_min_duration = -1')
    client.off('notice', hear)
  }
  return plans.flatMap(scansIn)
}
