import type { Handler } from 'hono'
import { tellFloor } from '../src/floor/feed-pump.ts'
import { hearTill } from '../src/ordering/pos-report.ts'
import { readText } from '../src/platform/body.ts'
import { edgeCtx, type EdgeEnv } from '../src/platform/serve.ts'

/** A till reports back. */
export const posWebhook: Handler<EdgeEnv> = async (c) => {
  const ctx = edgeCtx(c)
  const body = await readText(c.req.raw)
  const { restaurant_id, applied } = await hearTill(ctx, c.req.param('slug') ?? '', c.req.raw.headers, body)
  ctx.after(tellFloor(ctx, restaurant_id))
  return c.json({ success: true, data: { applied } })
}
