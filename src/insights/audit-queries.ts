import { sql } from 'drizzle-orm'
import * as z from 'zod'
import { type Db, query } from '../platform/db.ts'
import { AuditHead, AuditRow } from './audit-schema.ts'

export type AuditWish = {
  restaurant_id: string
  subject_id: string | null
  actor_key: string | null
  type: string | null
  from_at: string | null
  before_at: string | null
  after_at: string | null
  after_id: number | null
  most: number
}

const Read = z.object({ event: AuditRow, seal_no: z.int().nullable() })
export type AuditRead = z.infer<typeof Read>

/** The newest first. */
export function selectAudit(db: Db, wish: AuditWish): Promise<AuditRead[]> {
  return query(
    db,
    Read,
    sql`
      select event, seal_no
        from read_audit(jsonb_populate_record(null::audit_wish, ${JSON.stringify(wish)}::jsonb))`,
  )
}

const Seal = z.object({ seal: AuditHead.nullable() })

export async function selectHead(db: Db, restaurantId: string): Promise<AuditHead | null> {
  const [row] = await query(
    db,
    Seal,
    sql`
      select case when s.seal_no is not null then audit_seal_json(s) end as seal from last_seal(${restaurantId}) s`,
  )
  return row?.seal ?? null
}

const HouseToSeal = z.object({ restaurant_id: z.uuid(), last: AuditHead.nullable(), previous: AuditHead.nullable() })
export type HouseToSeal = z.infer<typeof HouseToSeal>

export function selectHousesToSeal(db: Db, after: string | null, most: number): Promise<HouseToSeal[]> {
  return query(
    db,
    HouseToSeal,
    sql`
      select h.restaurant_id, h.last, h.previous from houses_to_seal(${after}, ${most}) h`,
  )
}

/** Null where nothing is left to seal. */
export async function callSealEvents(
  db: Db,
  restaurantId: string,
  now: number,
  most: number,
): Promise<AuditHead | null> {
  const [row] = await query(
    db,
    Seal,
    sql`
      select seal_events(${restaurantId}, ${new Date(now).toISOString()}, ${most}) as seal`,
  )
  return row?.seal ?? null
}

/** Once signed a seal stays signed; one that is another by now is not. */
export async function callSignSeal(db: Db, restaurantId: string, seal: AuditHead, signature: string): Promise<void> {
  await db.execute(sql`select sign_seal(${restaurantId}, ${seal.seal_no}, ${seal.digest}, ${signature})`)
}

const Digest = z.object({ digest: z.string().nullable() })

export async function selectSealDigest(db: Db, restaurantId: string, sealNo: number): Promise<string | null> {
  const [row] = await query(db, Digest, sql`select seal_digest_of(${restaurantId}, ${sealNo}) as digest`)
  return row?.digest ?? null
}

const House = z.object({ restaurant_id: z.uuid() })

export async function selectHousesToPurge(db: Db, before: number, most: number): Promise<string[]> {
  const rows = await query(
    db,
    House,
    sql`select h.restaurant_id from houses_to_purge(${new Date(before).toISOString()}, ${most}) h`,
  )
  return rows.map((row) => row.restaurant_id)
}

const Purged = z.object({ purged: z.int() })

/** Of some seals at a time; answers how many events went. */
export async function callPurgeEvents(
  db: Db,
  restaurantId: string,
  times: { before: number; now: number },
  requestId: string,
): Promise<number> {
  const [before, now] = [new Date(times.before).toISOString(), new Date(times.now).toISOString()]
  const [row] = await query(
    db,
    Purged,
    sql`
      select purge_events(${restaurantId}, ${before}, ${now}, ${requestId}, ${50}) as purged`,
  )
  return row?.purged ?? 0
}
