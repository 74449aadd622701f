import pg from 'pg'
import { KnownDay, mostAhead } from '../../src/insights/forecast-schema.ts'
import { forecastsMadeOn } from '../../src/insights/known-rules.ts'
import { daysFrom, daysToReckon, serviceDayOf } from '../../src/insights/rules.ts'
import { addDays, wallOf } from '../../src/platform/time.ts'
import { Restaurant } from '../../src/restaurants/schema.ts'

/** Mornings whose forecasts are there, so that their error can be seen. */
const mornings = 56

/** The figures of the year behind, and the forecasts that each of the last mornings would have made. */
export async function demoInsights(databaseUrl: string, loaded: unknown, today: Date): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await rollUpYear(client, Restaurant.parse(loaded), today)
  } finally {
    await client.end()
  }
}

async function rollUpYear(client: pg.Client, house: Restaurant, today: Date): Promise<void> {
  const now = today.toISOString()
  const service_day = serviceDayOf(wallOf(today.getTime(), house.timezone))
  const past = daysFrom(addDays(service_day, -366), addDays(service_day, -1))
  const ahead = daysToReckon(house, daysFrom(service_day, addDays(service_day, mostAhead)))
  await client.query('select roll_up_days($1, $2, $3)', [house.id, now, JSON.stringify(daysToReckon(house, past))])
  await client.query(
    `insert into rollups (restaurant_id, rolled_through, moved_at) values ($1, $2, $3)
     on conflict (restaurant_id) do nothing`,
    [house.id, past.at(-1), now],
  )
  const { rows } = await client.query('select k.* from known_days($1, $2, $3, $4) k', [
    house.id,
    addDays(service_day, -200 - mornings),
    now,
    JSON.stringify(ahead),
  ])
  const known = rows.map((row) => KnownDay.parse(row))
  const made = daysFrom(addDays(service_day, -mornings), service_day).flatMap((day) =>
    forecastsMadeOn(house, known, day),
  )
  await client.query('select keep_forecasts($1, $2, $3)', [house.id, service_day, JSON.stringify(made)])
}
