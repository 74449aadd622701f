import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { decideMenu } from '../src/restaurants/menu-edit-rules.ts'
import { NewMenu } from '../src/restaurants/menu-schema.ts'
import { hashOf, insertPlatformKey } from './keys.ts'
import { insertDemoStaff } from './demo/staff.ts'
import { demoHouses } from './demo/houses.ts'
import { demoInsights } from './demo/insights.ts'
import { demoMenus } from './demo/menu.ts'
import { connectDemoTill } from './demo/till.ts'
import { demoYear } from './demo/year.ts'

/**
 * Two restaurants with a year behind them and some weeks booked ahead, once: a database that has them is left alone.
 * The keys are for one's own machine; the Worker refuses them everywhere else. `till_url`: where their orders go.
 */
export async function seedDemo(
  databaseUrl: string,
  sealing_key: string,
  today = new Date(),
  till_url: string | null = null,
): Promise<void> {
  await insertPlatformKey(databaseUrl)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const opened: unknown[] = []
  try {
    for (const house of demoHouses) {
      await client.query('begin')
      const made = await client.query<{ answer: { outcome: string; restaurant: { id: string } } }>(
        'select create_restaurant($1) as answer',
        [{ ...house.restaurant, key: { ...house.key, hash: hashOf(house.secret).toString('hex') } }],
      )
      const answer = made.rows[0]?.answer
      if (answer?.outcome === 'created') {
        await seedYear(client, answer.restaurant.id, house.seed, today)
        opened.push(answer.restaurant)
      }
      await seedMenu(client, house.restaurant.slug, house.restaurant.currency, today)
      await insertDemoStaff(client, house.restaurant.slug, sealing_key, today)
      if (till_url !== null) await connectDemoTill(client, house.restaurant.slug, sealing_key, { url: till_url, today })
      await client.query('commit')
    }
    await Promise.all(opened.map((house) => demoInsights(databaseUrl, house, today)))
  } finally {
    await client.end()
  }
}

/** Where the house has had none yet. */
async function seedMenu(client: pg.Client, slug: string, currency: string, today: Date): Promise<void> {
  const found = await client.query<{ id: string }>('select id from restaurants where slug = $1 and menu_version = 1', [
    slug,
  ])
  const restaurant_id = found.rows[0]?.id
  if (restaurant_id === undefined) return
  const none = { version: 1, currency, categories: [] }
  const decision = decideMenu(none, NewMenu.parse(demoMenus[slug] ?? none), null, randomUUID)
  if (!('items' in decision)) throw new Error(`the menu of ${slug}: ${JSON.stringify(decision)}`)
  const now = today.toISOString()
  const by = { actor: { kind: 'system', name: 'demo data' }, request_id: 'demo', key: 'demo-menu', fingerprint: '' }
  await client.query('select put_menu($1)', [{ restaurant_id, menu_version: 1, now, ...by, ...decision }])
}

/** In sets of a thousand, so that no statement grows too large. */
async function seedYear(client: pg.Client, restaurantId: string, seed: number, today: Date): Promise<void> {
  const loaded = await client.query<{ restaurant: unknown }>(
    'select restaurant_json(r, $2) as restaurant from restaurants r where id = $1',
    [restaurantId, '2000-01-01'],
  )
  const { combinations, guests, reservations, claims } = demoYear(loaded.rows[0]?.restaurant, seed, today)
  await insertRows(client, 'combinations', combinations)
  await insertRows(client, 'guests', guests)
  await insertRows(client, 'reservations', reservations)
  await insertRows(client, 'claims', claims)
}

async function insertRows(client: pg.Client, name: string, rows: Record<string, unknown>[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ')
  for (let at = 0; at < rows.length; at += 1000) {
    await client.query(
      `insert into ${name} (${columns}) select ${columns} from jsonb_populate_recordset(null::${name}, $1::jsonb)`,
      [JSON.stringify(rows.slice(at, at + 1000))],
    )
  }
}
