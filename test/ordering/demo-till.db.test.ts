import { expect, inject, test } from 'vitest'
import { connectDemoTill } from '../../local/demo/till.ts'
import { openPos } from '../../src/restaurants/integrations.ts'
import { openHouse, withDatabase } from '../factories.ts'

const where = inject('stack')
const sealing_key = btoa('k'.repeat(32))

test('a demo house is connected to the till of this machine, once, as the Worker opens it', async () => {
  const house = await openHouse(where)
  const url = `${where.control_origin}/pos/orders`
  const row = await withDatabase(where, async (client) => {
    for (const to of [url, 'http://127.0.0.1:9/elsewhere'])
      await connectDemoTill(client, house.slug, sealing_key, { url: to, today: new Date() })
    await connectDemoTill(client, 'nowhere-at-all', sealing_key, { url, today: new Date() })
    const found = await client.query(
      'select kind, url, settings, secret_sealed from integrations where restaurant_id = $1',
      [house.id],
    )
    return found.rows[0]
  })
  const pos = await openPos({ sealing_key }, house.id, row)
  expect(pos).toEqual({ kind: 'http', url, lookup: false, secret: expect.stringMatching(/^whsec_/) })
  expect((await house.call('GET', '/integrations')).data).toMatchObject([{ name: 'pos', kind: 'http', url }])
})
