import { randomUUID } from 'node:crypto'
import type pg from 'pg'

const copied = ['guests', 'reservations', 'claims', 'events', 'idempotency_keys']

/** The tables a booking writes to once more, with their indexes and checks, and empty. */
export async function copyTables(client: pg.ClientBase): Promise<void> {
  for (const table of copied) await client.query(`create table bare_${table} (like ${table} including all)`)
}

/**
 * What a booking has to leave behind, written without reading, choosing, waiting or answering anything: one statement, as
 * durable. Every other one brings a new guest.
 */
export const bareRows = `
  with guest as (
    insert into bare_guests (restaurant_id, name, search_name, phone)
    select $2::uuid, 'Party of 4', 'party of 4', $6::text where $6::text is not null),
  reservation as (
    insert into bare_reservations (id, restaurant_id, confirmation_code, status, party_size, service_day, starts_at,
        ends_at, table_ids, guest_id, name, phone_number, source, created_at, updated_at)
    values ($1::uuid, $2::uuid, $3::text, 'confirmed', 4, '2030-01-01', '2030-01-01T10:00:00Z', '2030-01-01T11:30:00Z',
            array[$4::uuid], $4::uuid, 'Party of 4', '+6580000000', 'api', now(), now())),
  claim as (
    insert into bare_claims (restaurant_id, service_day, table_id, during, kind, owner, covers)
    values ($2::uuid, '2030-01-01', $4::uuid, tstzrange('2030-01-01T10:00:00Z', '2030-01-01T11:30:00Z'),
            'reservation', $1::uuid, 4)),
  event as (
    insert into bare_events (restaurant_id, at, type, subject_id, actor, request_id, after)
    values ($2::uuid, now(), 'reservation.booked', $1::uuid, '{"kind": "key"}', $3::text, $5::jsonb))
  insert into bare_idempotency_keys (scope, key, fingerprint, answer, created_at)
  values ($2::uuid, $1::text, '', $5::jsonb, now())`

/** Of one call; `kept` is a reservation as it is kept in the event and as the answer. */
export function bareRowsParams(restaurant_id: string, kept: string, n: number): unknown[] {
  const id = randomUUID()
  const phone = n % 2 ? `+65${id.slice(24)}` : null
  return [id, restaurant_id, codeOf(n), randomUUID(), kept, phone]
}

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

/** The n-th of all confirmation codes. */
function codeOf(n: number): string {
  let code = ''
  for (let rest = n; code.length < 6; rest = Math.floor(rest / letters.length))
    code += letters.charAt(rest % letters.length)
  return code
}
