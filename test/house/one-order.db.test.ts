import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { daysAhead, type House, openHouse, withDatabase } from '../factories.ts'
import { date, openFloor } from '../floor/houses.ts'
import { meet } from '../guests/people.ts'

// Somebody takes what a verb needs first, the verb waits, and what comes after it must still be for anybody to have:
// who holds it while waiting is half of a deadlock.
const where = inject('stack')
const holder = new pg.Client({ connectionString: where.database_url })
beforeAll(() => holder.connect())
afterAll(() => holder.end())

/** Until somebody waits for what is held. */
async function somebodyWaits(): Promise<void> {
  const waiting = 'select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))'
  await expect.poll(async () => (await holder.query(waiting)).rowCount, { interval: 20, timeout: 5_000 }).not.toBe(0)
}

/** While that is held: the call waits for it, then `meanwhile`, and the answer. */
async function during<T>(
  held: [string, unknown[]],
  call: () => Promise<T>,
  meanwhile: () => Promise<unknown>,
): Promise<T> {
  await holder.query('begin')
  try {
    await holder.query(...held)
    const answer = call()
    await somebodyWaits()
    await meanwhile().catch(async (error: unknown) => {
      await holder.query('rollback')
      await answer
      throw error
    })
    await holder.query('commit')
    return await answer
  } finally {
    await holder.query('rollback')
  }
}

const had = (table: string, id: string, strength = 'no key update'): Promise<unknown> =>
  holder.query(`select from ${table} where id = $1 for ${strength} nowait`, [id])
const today = (house: House): [string, unknown[]] => [
  'select lock_day(lock_no, $2) from restaurants where id = $1',
  [house.id, date],
]
const row = (table: string, id: string): [string, unknown[]] => [
  `select from ${table} where id = $1 for no key update`,
  [id],
]

async function booked(house: House, day: number, phone_number: string): Promise<string> {
  const asked = { date: daysAhead(day), time: '19:00', party_size: 2, name: 'Ana', phone_number }
  const answer = await house.call('POST', '/reservations', asked)
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  return answer.data.id
}

describe('R289 nobody waits for who waits for them', () => {
  test('a phone that opens a table anew has the day before the session, and so has one who takes a closing back', async () => {
    const house = await openFloor(where)
    const joined = await house.root('18:00', 'POST', '/table_session', { table_number: '1' })
    const { id } = joined.data.session
    const anew = { table_number: '1', force: true }
    const forced = await during(
      today(house),
      () => house.root('18:05', 'POST', '/table_session', anew),
      async () => {
        await had('table_sessions', id)
        // As the job does, which has the day and then every session of the house.
        await holder.query('select * from extend_stays($1, $2, $3)', [house.id, `${date}T18:05:00+08:00`, 'test'])
      },
    )
    expect(forced.status, JSON.stringify(forced.body)).toBe(201)
    const second = forced.data.session.id
    expect(second).not.toBe(id)
    expect((await house.root('18:06', 'PATCH', `/session/${second}/close`)).status).toBe(200)
    const restored = await during(
      today(house),
      () => house.root('18:07', 'PATCH', `/session/${second}/restore`),
      () => had('table_sessions', second),
    )
    expect(restored.status, JSON.stringify(restored.body)).toBe(200)
  })

  test('a merge has the reservations of who goes by id, as a series, a swap or a sweep has them', async () => {
    const house = await openHouse(where)
    const [kept, gone] = [await meet(house, { name: 'Ana' }), await meet(house, { name: 'Ana B' })]
    // The first booked is the last in the book.
    const first = await booked(house, 5, gone.phone)
    const second = await booked(house, 2, gone.phone)
    const later = await house.call('PUT', `/reservations/${first}`, { date: daysAhead(9) })
    expect(later.status, JSON.stringify(later.body)).toBe(200)
    const merged = await during(
      row('reservations', first),
      () => house.call('POST', `/guests/${kept.id}/merge`, { from_id: gone.id }),
      () => had('reservations', second),
    )
    expect(merged.status, JSON.stringify(merged.body)).toBe(200)
    for (const id of [first, second])
      expect((await house.call('GET', `/reservations/${id}`)).data.guest_id).toBe(kept.id)
  })

  test('an erasure has them by id too, whosever they are', async () => {
    const house = await openHouse(where)
    const [ana, bo] = [await meet(house, { name: 'Ana' }), await meet(house, { name: 'Bo' })]
    const others = await booked(house, 2, bo.phone)
    const own = await booked(house, 3, ana.phone)
    const shared = await house.call('PUT', `/reservations/${others}`, { phone_number: ana.phone })
    expect(shared.status, JSON.stringify(shared.body)).toBe(200)
    await house.call('DELETE', `/reservations/${own}`)
    const erased = await during(
      row('reservations', others),
      () => house.call('DELETE', `/guests/${ana.id}?erase=true`),
      () => had('reservations', own),
    )
    expect(erased.status, JSON.stringify(erased.body)).toBe(200)
    expect((await house.call('GET', `/reservations/${others}`)).data.phone_number).toBeNull()
  })

  test('an erasure waits for who adds to a series, who still has the guest; what changed meanwhile counts', async () => {
    const house = await openHouse(where)
    const ana = await meet(house, { name: 'Ana' })
    const made = await house.call('POST', '/reservations/series', {
      rrule: 'FREQ=DAILY;COUNT=2',
      start_date: daysAhead(2),
      time: '19:00',
      party_size: 2,
      name: 'Ana',
      phone_number: ana.phone,
    })
    for (const one of made.data.booked) await house.call('DELETE', `/reservations/${one.id}`)
    const erase = () => house.call('DELETE', `/guests/${ana.id}?erase=true`, undefined, { 'if-match': '"1"' })
    const stale = await during(row('reservation_series', made.data.series.id), erase, async () => {
      await had('guests', ana.id, 'key share')
      await holder.query('update guests set vip = true, version = 2 where id = $1', [ana.id])
    })
    expect(stale.code, JSON.stringify(stale.body)).toBe('stale_version')
    expect((await house.call('DELETE', `/guests/${ana.id}?erase=true`)).status).toBe(200)
  })

  test('a series that began while an erasure waited for the guest is not waited for', async () => {
    const house = await openHouse(where)
    const ana = await meet(house, { name: 'Ana' })
    const plan = { restaurant_id: house.id, id: ana.id, now: new Date(), actor: { kind: 'cron' }, request_id: 'test' }
    const refused = await withDatabase(where, (erasing) =>
      withDatabase(where, (adding) =>
        during(
          ['select from guests where id = $1 for key share', [ana.id]],
          () => erasing.query('select erase_guest($1)', [plan]).then(String, String),
          async () => {
            const made = await adding.query<{ id: string }>(
              `insert into reservation_series (restaurant_id, rrule, start_date, last_date, terms, phone_number, source,
                                               status, created_at, updated_at)
               values ($1, 'FREQ=DAILY', $2, $2, '[{}]', $3, 'api', 'active', now(), now()) returning id`,
              [house.id, date, ana.phone],
            )
            await adding.query('begin')
            await adding.query(...row('reservation_series', made.rows[0]?.id ?? ''))
          },
        ),
      ),
    )
    // Not "canceling statement due to lock timeout": it did not wait.
    expect(refused).toContain('could not obtain lock on row in relation "reservation_series"')
    expect((await house.call('DELETE', `/guests/${ana.id}?erase=true`)).status).toBe(200)
  })
})
