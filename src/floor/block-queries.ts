import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { Block, BlockAnswer } from './schema.ts'

const iso = (at: number): string => new Date(at).toISOString()

/** One call of a function of 0017; `plan` has the names of `floor_plan`. */
export async function callBlock(
  db: Db,
  name: 'block_tables' | 'change_block' | 'lift_block',
  plan: unknown,
): Promise<BlockAnswer> {
  const text = JSON.stringify(plan)
  const [row] = await query(
    db,
    z.object({ answer: BlockAnswer }),
    sql`select ${sql.identifier(name)}(${text}::jsonb) as answer`,
  )
  if (!row) throw new Error(`${name} answered nothing`)
  return row.answer
}

/** Blocks that touch a time and were not lifted, as they begin. None lasts longer than 32 days. */
export async function selectBlocks(
  db: Db,
  restaurantId: string,
  wish: { from: number; before: number; after: [string, string] | null; limit: number },
): Promise<Block[]> {
  const { from, before, after, limit } = wish
  const rows = await query(
    db,
    z.object({ block: Block }),
    sql`
      select block_json(b) as block
        from blocks b
       where b.restaurant_id = ${restaurantId} and b.lifted_at is null
         and b.starts_at > ${iso(from)}::timestamptz - interval '32 days' and b.starts_at < ${iso(before)}
         and b.ends_at > ${iso(from)}
         ${after === null ? sql`` : sql`and (b.starts_at, b.id) > (${after[0]}::timestamptz, ${after[1]}::uuid)`}
       order by b.starts_at, b.id
       limit ${limit}`,
  )
  return rows.map((row) => row.block)
}
