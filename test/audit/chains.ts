import pg from 'pg'
import { type Known, type Verdict, verifyHouse } from '../../local/audit/verify.ts'
import { macOf } from '../../src/access/secret-key.ts'
import { sealLabel, sealText } from '../../src/insights/audit-rules.ts'
import type { House, Where } from '../factories.ts'

export const sealingKey = 'a key that the database does not know'
export const known: Known = { sealing_keys: [sealingKey], head: null }

/** Seals and signs what there is, as the job does; answers the seals made. */
export async function sealAll(client: pg.Client, house: { id: string }, most = 2_000): Promise<number> {
  for (let made = 0; ; made++) {
    const { rows } = await client.query('select seal_events($1, $2, $3) as seal', [house.id, new Date(), most])
    const seal = rows[0].seal
    if (!seal) return made
    const signature = await macOf(sealingKey, sealLabel, sealText(house.id, seal.seal_no, seal.digest))
    await client.query('select sign_seal($1, $2, $3, $4)', [house.id, seal.seal_no, seal.digest, signature])
  }
}

export function verify(client: pg.Client, house: House, told: Known = known): Promise<Verdict> {
  return verifyHouse(client, house, told)
}

/**
 * A connection that sees copies of the house's trail in place of the tables: nothing guards those, and nobody else sees
 * them. What it does is what an owner of the database could do.
 */
export async function forger(where: Where, house: House): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: where.database_url })
  await client.connect()
  for (const table of ['events', 'audit_entries', 'audit_seals', 'audit_redactions']) {
    await client.query(`create temp table ${table} (like public.${table} including identity)`)
    await client.query(
      `insert into ${table} overriding system value select * from public.${table} where restaurant_id = '${house.id}'`,
    )
  }
  await client.query(
    `select setval(pg_get_serial_sequence('events', 'id'), (select max(id) from public.events) + 1000)`,
  )
  return client
}

/** What the check says of a forgery, which is undone then. HOUSE is the house. */
export async function tampered(
  client: pg.Client,
  house: House,
  statements: string[],
  told: Known = known,
): Promise<{ rows: number; broken: string[] }> {
  await client.query('begin')
  try {
    let rows = 0
    for (const statement of statements)
      rows += (await client.query(statement.replaceAll('HOUSE', `'${house.id}'::uuid`))).rowCount ?? 0
    const { broken } = await verify(client, house, told)
    return { rows, broken }
  } finally {
    await client.query('rollback')
  }
}
