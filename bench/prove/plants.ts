import pg from 'pg'

type Client = pg.Client

/** A bug that the proof must find. What the constraint alone holds, or the lock alone, is planted with the other gone. */
export type Plant = { name: string; does: string; plant(client: Client): Promise<void> }

const noLock = `
  create or replace function lock_day(lock_no integer, day date) returns void language sql as $$ select null::void $$;
  create or replace function try_lock_day(lock_no integer, day date) returns boolean language sql as $$ select true $$`
const noConstraint = 'alter table claims drop constraint claims_never_overlap'

const run =
  (...statements: string[]) =>
  async (client: Client): Promise<void> => {
    for (const statement of statements) await client.query(statement)
  }

export const plants: Plant[] = [
  {
    name: 'no-constraint',
    does: 'The exclusion constraint is gone. Invisible by design: the day lock is the mechanism, the constraint its proof.',
    plant: run(noConstraint),
  },
  {
    name: 'no-lock',
    does: 'The day lock does nothing. The constraint still prevents overlaps, but alarms, and caps are passed.',
    plant: run(noLock),
  },
  {
    name: 'no-lock-no-constraint',
    does: 'Both are gone: check, then insert.',
    plant: run(noLock, noConstraint),
  },
  {
    name: 'unique-start',
    does: 'A unique (table_id, starts_at) in place of the range constraint, and no lock: 19:00 and 19:15 differ.',
    plant: run(
      noLock,
      noConstraint,
      'create unique index claims_start on claims (table_id, lower(during)) where blocking',
    ),
  },
  {
    name: 'keys-ignored',
    does: 'Idempotency-Keys are neither looked up nor kept.',
    plant: run(
      `create or replace function replay_of(p_scope uuid, p_key text, p_fingerprint text) returns jsonb
       language sql as $$ select null::jsonb $$`,
      `create or replace function keep_answer(p_scope uuid, p_key text, p_fingerprint text, p_now timestamptz, p_answer jsonb)
       returns jsonb language plpgsql as $$
       begin
         insert into idempotency_keys (scope, key, fingerprint, answer, created_at)
         values (p_scope, p_key, p_fingerprint, p_answer, p_now) on conflict do nothing;
         return p_answer;
       end $$`,
    ),
  },
  {
    name: 'skip-locked',
    does: 'Tables are picked with FOR UPDATE SKIP LOCKED: one that somebody is looking at counts as taken.',
    plant: (client) =>
      edit(
        client,
        'choose_tables',
        [' STABLE', ' VOLATILE'],
        ['where not c.tables && busy', 'where not c.tables && busy and can_lock(c.tables)'],
        ['if one <> all (busy) then', 'if one <> all (busy) and can_lock(array[one]) then'],
        `create function can_lock(ids uuid[]) returns boolean language sql volatile as $$
           select count(*) = cardinality(ids)
             from (select from tables t where t.id = any(ids) order by t.id for update skip locked) free $$`,
      ),
  },
  {
    name: 'holds-forever',
    does: 'A hold that has lapsed still counts as taken.',
    plant: (client) =>
      edit(client, 'choose_tables', ['filter (where d.expires_at is null or d.expires_at > a.now)', '']),
  },
  {
    name: 'hang-up-keeps',
    does: 'Who hangs up keeps the table that was held for the call.',
    plant: (client) => edit(client, 'close_call', ['if c.hold_id is not null then', 'if false then']),
  },
  {
    name: 'no-events',
    does: 'Changes are made without an event.',
    plant: (client) => edit(client, 'change_reservation', [/perform append_event\([^;]*;/, '']),
  },
  {
    name: 'any-tenant',
    does: 'A reservation is found by its id whoever asks.',
    plant: (client) => edit(client, 'find_reservation', ['r.restaurant_id = p_restaurant_id and r.id', 'r.id']),
  },
]

type Change = [from: string | RegExp, to: string]

/** Changes a function's text as it stands in the database; throws where there is nothing to change, or no bug. */
async function edit(client: Client, name: string, ...changes: (Change | string)[]): Promise<void> {
  const found = await client.query<{ source: string }>('select pg_get_functiondef($1::regproc) as source', [name])
  let source = found.rows[0]?.source ?? ''
  for (const change of changes) {
    if (typeof change === 'string') {
      await client.query(change)
      continue
    }
    const before = source
    source = source.replace(change[0], change[1])
    if (source === before) throw new Error(`${name} has no longer what this bug replaces: ${String(change[0])}`)
  }
  await client.query(source)
}

export async function plantBug(database_url: string, name: string): Promise<void> {
  const found = plants.find((one) => one.name === name)
  if (!found)
    throw new Error(`There is no bug "${name}" to plant; there are ${plants.map((one) => one.name).join(', ')}`)
  const client = new pg.Client({ connectionString: database_url })
  await client.connect()
  try {
    await found.plant(client)
  } finally {
    await client.end()
  }
}
