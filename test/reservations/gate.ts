import pg from 'pg'
import type { Backend } from '../../local/stack.ts'

/**
 * Runs a statement that has begun, and has seen the reservations as they are, before `meanwhile` is done, and that comes to
 * lock and change them after it. For a stack of the suite's own: the gate is a row policy, which lets everybody else by.
 */
export async function overtaken(
  stack: Pick<Backend, 'database_url' | 'postgres'>,
  statement: pg.QueryConfig,
  meanwhile: () => Promise<void>,
): Promise<pg.QueryResult> {
  const keeper = new pg.Client({ connectionString: stack.postgres.superuser_url.replace(/[^/]*$/, 'tableside') })
  const late = new pg.Client({ connectionString: stack.database_url })
  await Promise.all([keeper.connect(), late.connect()])
  try {
    await keeper.query(gate)
    await keeper.query('select pg_advisory_lock(1)')
    await late.query(`set test.gated = 'on'`)
    const running = late.query(statement)
    await Promise.race([waiting(keeper, late), running.then(() => Promise.reject(new Error('it waited for nobody')))])
    await meanwhile()
    await keeper.query('select pg_advisory_unlock(1)')
    return await running
  } finally {
    await keeper.query('select pg_advisory_unlock_all()')
    await late.end()
    await keeper.query('alter table reservations disable row level security; alter role tableside bypassrls')
    await keeper.end()
  }
}

const gate = `
  create or replace function gate() returns boolean language plpgsql as $$
  begin
    if current_setting('test.gated', true) = 'on' then perform pg_advisory_xact_lock_shared(1); end if;
    return true;
  end $$;
  drop policy if exists gated on reservations;
  create policy gated on reservations using (gate());
  alter table reservations enable row level security, force row level security;
  alter role tableside nobypassrls`

/** Until the client waits for a lock of somebody else's. */
export async function waiting(watch: pg.Client, client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { rows } = await watch.query<{ type: string }>(
      'select wait_event_type as type from pg_stat_activity where pid = $1',
      [Object(client).processID],
    )
    if (rows[0]?.type === 'Lock') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it never waited')
}
