import type { Handler } from 'hono'
import { tellFloor } from '../src/floor/feed-pump.ts'
import { PosReport } from '../src/ordering/order-schema.ts'
import { takeReport, tillOf } from '../src/ordering/pos-report.ts'
import { parseJson, readText } from '../src/platform/body.ts'
import { sha256Hex } from '../src/platform/ids.ts'
import { Problem } from '../src/platform/problem.ts'
import { edgeCtx, type EdgeEnv } from '../src/platform/serve.ts'
import { verifyWebhook } from '../src/platform/standard-webhooks.ts'

/** A till reports back: a Standard Webhook, signed with the integration's secret over the raw body. */
export const posWebhook: Handler<EdgeEnv> = async (c) => {
  const ctx = edgeCtx(c)
  const body = await readText(c.req.raw)
  const till = await tillOf(ctx, c.req.param('slug') ?? '')
  if (!till) throw new Problem('not_found')
  // By the real hour: the window is what keeps an old message from being sent again.
  if (!(await verifyWebhook(till.pos.secret, c.req.raw.headers, body, Date.now())))
    throw new Problem('invalid_signature')
  const report = PosReport.safeParse(parseJson(body))
  if (!report.success) {
    const errors = report.error.issues.map((one) => ({ path: one.path.join('.'), message: one.message }))
    throw new Problem('validation_failed', { errors })
  }
  const id = c.req.header('webhook-id') ?? ''
  if (!/^[\x21-\x7e]{1,255}$/.test(id)) throw new Problem('validation_failed')
  const once = { key: `webhook:pos:${id}`, fingerprint: await sha256Hex(body) }
  const data = await takeReport(
    { ...ctx, restaurant: till.restaurant, actor: { kind: 'system', name: 'pos' } },
    report.data,
    once,
  )
  ctx.after(tellFloor(ctx, till.restaurant.id))
  return c.json({ success: true, data })
}
