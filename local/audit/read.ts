import type pg from 'pg'
import type { AuditedEvent, Entry, Redaction, Seal } from './chain.ts'

export type House = { id: string; slug: string }

export async function readHouses(client: pg.Client, slug: string | null): Promise<House[]> {
  const found = await client.query<House>(
    'select r.id, r.slug from restaurants r where $1::text is null or r.slug = $1 order by r.slug',
    [slug],
  )
  return found.rows
}

const micros = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint::text`

export async function readSeals(client: pg.Client, house: string): Promise<Seal[]> {
  const found = await client.query<Seal>(
    `select s.restaurant_id, s.seal_no, ${micros('s.sealed_at')} as sealed_at_micros, s.upto_tx::text,
            s.first_event_id::text, s.last_event_id::text, s.events, s.total::text, s.root, s.previous, s.digest, s.signature
       from audit_seals s where s.restaurant_id = $1 order by s.seal_no`,
    [house],
  )
  return found.rows
}

/** An event's own columns, each as text; `e` names its row. */
const eventColumns = `
  e.restaurant_id::text as restaurant_id, e.id::text as id, e.tx::text as tx, ${micros('e.at')} as at_micros, e.type,
  e.subject_id::text as subject_id, e.actor::text as actor, e.request_id, e.before::text as before,
  e.after::text as after, e.why,
  coalesce(e.actor->>'kind', '?') || coalesce(':' || coalesce(e.actor->>'id', e.actor->>'name'), '') as actor_key`

/** The entries of some seals, in the order of the seals and of the events. */
export async function readEntries(client: pg.Client, house: string, from: number, to: number): Promise<Entry[]> {
  const found = await client.query<Entry>(
    `select n.event_id::text, n.seal_no, ${micros('n.at')} as at_micros, n.type, n.actor_key, n.salt::text, n.digest,
            case when v.id is not null then to_json(v) end as event
       from audit_entries n
       left join lateral (
         select ${eventColumns} from events e where e.restaurant_id = n.restaurant_id and e.id = n.event_id) v on true
      where n.restaurant_id = $1 and n.seal_no between $2 and $3
      order by n.seal_no, n.event_id`,
    [house, from, to],
  )
  return found.rows
}

export async function readRedactions(client: pg.Client, house: string): Promise<Redaction[]> {
  const found = await client.query<Redaction>(
    `select d.erasure_id::text, d.event_id::text, d.old_content, d.new_content
       from audit_redactions d where d.restaurant_id = $1 order by d.erasure_id, d.event_id`,
    [house],
  )
  return found.rows
}

/** The events that account for what is no more as it was sealed: erasures and purges. */
export async function readAccounts(client: pg.Client, house: string): Promise<AuditedEvent[]> {
  const found = await client.query<AuditedEvent>(
    `select ${eventColumns} from events e
      where e.restaurant_id = $1 and e.type in ('guest.erased', 'audit.purged') order by e.id`,
    [house],
  )
  return found.rows
}

/** Events that should have been sealed and were not, the first few; entries of seals that there are not. */
export async function readStrays(client: pg.Client, house: string): Promise<{ event_id: string; what: string }[]> {
  const found = await client.query<{ event_id: string; what: string }>(
    `(select e.id::text as event_id, 'is among what was sealed, and was not sealed' as what
        from events e
       where e.restaurant_id = $1
         and e.tx < (select s.upto_tx from audit_seals s where s.restaurant_id = $1 order by s.seal_no desc limit 1)
         and not exists (select from audit_entries n where n.restaurant_id = e.restaurant_id and n.event_id = e.id)
       order by e.id limit 5)
     union all
     (select n.event_id::text, 'has an entry of a seal that there is not'
        from audit_entries n
       where n.restaurant_id = $1
         and not exists (select from audit_seals s where s.restaurant_id = n.restaurant_id and s.seal_no = n.seal_no)
       order by n.event_id limit 5)`,
    [house],
  )
  return found.rows
}

export async function countUnsealed(client: pg.Client, house: string): Promise<number> {
  const found = await client.query<{ n: number }>(
    `select count(*)::int as n from events e
      where e.restaurant_id = $1
        and not exists (select from audit_entries n where n.restaurant_id = e.restaurant_id and n.event_id = e.id)`,
    [house],
  )
  return found.rows[0]?.n ?? 0
}
