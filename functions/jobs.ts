import { Receiver } from '@upstash/qstash'
import type { Handler } from 'hono'
import * as z from 'zod'
import { tellFloor } from '../src/floor/feed-pump.ts'
import { deliverMessage } from '../src/messages/deliver.ts'
import { deliver } from '../src/ordering/deliver.ts'
import { parseJson, readText } from '../src/platform/body.ts'
import type { Secrets } from '../src/platform/ctx.ts'
import { Problem } from '../src/platform/problem.ts'
import { edgeCtx, type EdgeEnv } from '../src/platform/serve.ts'
import { advanceDay } from '../src/reservations/waitlist/advance.ts'

const DeliverJob = z.object({
  restaurant_id: z.uuid(),
  order_id: z.uuid(),
  round: z.int().min(1),
  /** Which attempt QStash's first call is; each retry is the next. */
  first_attempt: z.int().min(1),
})

/** QStash brings an order's next attempt. Anything but 2xx makes it come again, after the wait it was told. */
export const deliverJob: Handler<EdgeEnv> = async (c) => {
  const ctx = edgeCtx(c)
  const body = await readText(c.req.raw)
  const signature = c.req.header('upstash-signature') ?? ''
  if (!(await isQstash(ctx.secrets, '/jobs/deliver', signature, body))) throw new Problem('invalid_signature')
  const job = DeliverJob.safeParse(parseJson(body))
  if (!job.success) throw new Problem('validation_failed')
  const { first_attempt, ...wish } = job.data
  const attempt = first_attempt + Number(c.req.header('upstash-retried') ?? '0')
  const state = await deliver({ ...ctx, actor: { kind: 'system', name: 'qstash' } }, { ...wish, attempt, seen: null })
  ctx.after(tellFloor(ctx, wish.restaurant_id))
  return c.json({ success: state !== 'pending', data: { state } }, state === 'pending' ? 503 : 200)
}

const MessageJob = DeliverJob.omit({ order_id: true }).extend({ id: z.uuid() })

/** QStash brings a message's next attempt, or says that its hour has come. */
export const messageJob: Handler<EdgeEnv> = async (c) => {
  const ctx = edgeCtx(c)
  const body = await readText(c.req.raw)
  const signature = c.req.header('upstash-signature') ?? ''
  if (!(await isQstash(ctx.secrets, '/jobs/message', signature, body))) throw new Problem('invalid_signature')
  const job = MessageJob.safeParse(parseJson(body))
  if (!job.success) throw new Problem('validation_failed')
  const { first_attempt, ...wish } = job.data
  const attempt = first_attempt + Number(c.req.header('upstash-retried') ?? '0')
  const actor = { kind: 'system', name: 'qstash' } as const
  const state = await deliverMessage({ ...ctx, actor }, { ...wish, attempt, seen: null })
  return c.json({ success: state !== 'pending', data: { state } }, state === 'pending' ? 503 : 200)
}

const WaitlistJob = z.object({ restaurant_id: z.uuid(), service_day: z.iso.date() })

/** QStash says that an offer of a waitlist has just lapsed: the table goes to the next. */
export const waitlistJob: Handler<EdgeEnv> = async (c) => {
  const ctx = edgeCtx(c)
  const body = await readText(c.req.raw)
  const signature = c.req.header('upstash-signature') ?? ''
  if (!(await isQstash(ctx.secrets, '/jobs/waitlist', signature, body))) throw new Problem('invalid_signature')
  const job = WaitlistJob.safeParse(parseJson(body))
  if (!job.success) throw new Problem('validation_failed')
  const { restaurant_id, service_day } = job.data
  const actor = { kind: 'system', name: 'qstash' } as const
  const offered = await advanceDay({ ...ctx, actor }, restaurant_id, service_day)
  ctx.after(tellFloor(ctx, restaurant_id))
  return c.json({ success: true, data: { offered } })
}

/** Signed by QStash over this body and this address, as the world knows it: the request's own host may be another. */
async function isQstash(secrets: Secrets, path: string, signature: string, body: string): Promise<boolean> {
  const { current_signing_key: currentSigningKey, next_signing_key: nextSigningKey } = secrets.qstash
  const receiver = new Receiver({ currentSigningKey, nextSigningKey })
  const url = `${secrets.public_origin}${path}`
  return receiver.verify({ signature, body, url, clockTolerance: 5 }).catch(() => false)
}
