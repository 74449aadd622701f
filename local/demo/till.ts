import type pg from 'pg'
import { sealPos } from '../../src/restaurants/integrations.ts'

const secret = `whsec_${btoa('the-till-and-the-house-know-it')}`

/** The till of this machine, for a house that has none yet. */
export async function connectDemoTill(
  client: pg.Client,
  slug: string,
  sealing_key: string,
  { url, today }: { url: string; today: Date },
): Promise<void> {
  const found = await client.query<{ id: string }>('select id from restaurants where slug = $1', [slug])
  const id = found.rows[0]?.id
  if (id === undefined) return
  const sealed = await sealPos(sealing_key, id, 'http', { secret })
  await client.query(
    `insert into integrations (restaurant_id, name, kind, url, settings, secret_sealed, created_at, updated_at)
     values ($1, 'pos', 'http', $2, '{"lookup": false}', $3, $4, $4)
     on conflict do nothing`,
    [id, url, sealed, today],
  )
}
