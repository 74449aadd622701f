import type { Ctx } from '../../platform/ctx.ts'
import type { TenantCtx } from '../../platform/endpoint.ts'
import { withRetry } from '../../platform/db.ts'
import { tellFloor } from '../../floor/feed-pump.ts'
import { canonicalJson, sha256Hex } from '../../platform/ids.ts'
import { Problem, problems } from '../../platform/problem.ts'
import { logFailure } from '../../platform/serve.ts'
import type { Voice, VoiceVendor } from '../../restaurants/integrations-schema.ts'
import { voiceHouse } from '../../restaurants/voice-integrations.ts'
import type { Call, CallEnd, Door } from '../call-schema.ts'
import { closeCall, noteTurns, openCall } from '../calls.ts'
import { operate, type OperationAnswer } from '../operate.ts'
import { refusalSentence, speechFor } from '../speech.ts'
import { setCallCost } from './queries.ts'

/** What came to a vendor's address. `path_and_query` is what follows the origin; `operation` is the end of the path. */
export type Incoming = {
  slug: string
  operation: string | null
  headers: Headers
  body: string
  path_and_query: string
}
export type VendorDoor = (ctx: Ctx, incoming: Incoming) => Promise<Response>
/** A house whose vendor has shown itself. */
export type HouseCtx = TenantCtx & { voice: Voice }
export type LiveCall = Call & { id: string; ended: boolean }

/** Nobody’s: so that an address without a house takes as long to refuse as one with. */
const nobody: Voice = { secret: 'no-house-has-this-secret', phone_numbers: [] }

/**
 * R240. The house that an address names, once `isGenuine` says that its vendor sent this. A house there is not, a
 * vendor it does not let answer and another house’s secret are the same `invalid_signature`.
 */
export async function admit(
  ctx: Ctx,
  vendor: VoiceVendor,
  slug: string,
  isGenuine: (voice: Voice) => Promise<boolean>,
): Promise<HouseCtx> {
  const found = await voiceHouse(ctx, slug, vendor)
  const genuine = await isGenuine(found?.voice ?? nobody)
  if (!found || !genuine) throw new Problem('invalid_signature')
  return { ...ctx, actor: { kind: 'system', name: `voice:${vendor}` }, ...found }
}

export type Line = { vendor_call_id: string; caller?: string | null; called?: string | null; locale?: string | null }

const kept = new Map<string, LiveCall>()

/** R241. The call that a vendor names, opened where nobody told of it before; remembered, so that a tool call need not ask. */
export async function callOf(ctx: TenantCtx, door: Door, line: Line): Promise<LiveCall> {
  const name = `${ctx.restaurant.id}:${door}:${line.vendor_call_id}`
  return kept.get(name) ?? (await beginCall(ctx, door, line)).call
}

export async function beginCall(
  ctx: TenantCtx,
  door: Door,
  { vendor_call_id, caller, called, locale }: Line,
): Promise<{ call: LiveCall; call_token: string; consent: string; known: Record<string, unknown> }> {
  const id = vendor_call_id.slice(0, 200)
  const input = {
    vendor_call_id: id,
    door,
    caller_phone: shownNumber(caller),
    called_number: called?.slice(0, 40) ?? null,
    locale: locale ?? null,
  }
  // The vendor’s name makes it one; a key of its own, so that it is told as it is now.
  const { data } = await openCall(ctx, input, { key: `call:${crypto.randomUUID()}`, fingerprint: '' })
  const { consent, state: known, caller_phone, ended_at } = data.call
  const call = { id: data.call.id, door, caller_phone, locale: data.call.locale, ended: ended_at !== null }
  if (kept.size > 2_000) kept.clear()
  kept.set(`${ctx.restaurant.id}:${door}:${vendor_call_id}`, call)
  ctx.after(tellFloor(ctx, ctx.restaurant.id))
  return { call, call_token: data.call_token, consent, known }
}

/** What carriers send for a number that is withheld: words, or a number that spells one. */
const withheld = new Set(['+266696687', '+7378742833', '+2562533', '+8656696', '+464', '+86282452253'])
export function shownNumber(number: string | null | undefined): string | null {
  return !number || number.length > 40 || withheld.has(number) || !/\d{5}/.test(number) ? null : number
}

/** A key for what is asked in a call: the vendor’s own name for it, bound to what it asks. */
export async function onceFor(
  call: LiveCall,
  named: string | null,
  operation: string,
  input: unknown,
): Promise<{ key: string; fingerprint: string }> {
  const fingerprint = await sha256Hex(canonicalJson([operation, input ?? null]))
  if (named !== null) return { key: `tool:${call.id}:${named.slice(0, 150)}`, fingerprint }
  // Without a name a repeat is not known from a second wish: what would stand twice goes by what it says.
  const stands = ['join_waitlist', 'mark_late', 'escalate'].includes(operation)
  return { key: `tool:${call.id}:${stands ? fingerprint : crypto.randomUUID()}`, fingerprint: '' }
}

/**
 * R242. One operation in a call, for a door that has to answer whatever happens: what nobody foresaw is logged, and
 * told as `internal`.
 */
export async function perform(
  ctx: TenantCtx,
  call: LiveCall,
  operation: string,
  input: unknown,
  named: string | null,
): Promise<OperationAnswer> {
  // A vendor that has shown itself speaks for the call; a key or a token may what it may.
  const actor = ctx.actor.kind === 'system' ? ({ kind: 'call', id: call.id } as const) : ctx.actor
  const inCall = { ...ctx, actor, call }
  try {
    return await operate(inCall, operation, input, await onceFor(call, named, operation, input))
  } catch (error) {
    logFailure('voice_tool_failed', ctx.request_id, error)
    return unforeseen(inCall)
  }
}

export function unforeseen(ctx: TenantCtx & { call: Call }): OperationAnswer {
  const [status, title, hint] = problems.internal
  const say = refusalSentence(speechFor(ctx), { code: 'internal', hint, alternatives: [] })
  return { ok: false, problem: { code: 'internal', status, detail: `${title}.`, hint: say, more: {} }, say }
}

/** R242. An answer as a model reads it: what to say, what it may use, and where it is refused the code. */
export function toldToModel(answer: OperationAnswer): Record<string, unknown> {
  if (answer.ok) return { ok: true, say: answer.say, ...answer.output }
  const { code, errors, more } = answer.problem
  return { ok: false, code, say: answer.say, ...(errors ? { errors } : {}), ...more }
}

export type Told = { key: string; speaker: 'caller' | 'agent'; text: string }

/** A line by its place in the conversation. */
export function spoken(place: number, byCaller: boolean, text: string | null | undefined): Told {
  return { key: `line:${place}`, speaker: byCaller ? 'caller' : 'agent', text: text ?? '' }
}

// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f]/g
const mostLines = 200

/** R243. Lines of a transcript as a vendor tells them, each once for its key; what is empty is nothing. */
export async function noteLines(ctx: TenantCtx, call: { id: string }, lines: Told[]): Promise<void> {
  const turns = lines
    .map((one) => ({ ...one, text: one.text.toWellFormed().replace(control, ' ').trim().slice(0, 4000) }))
    .filter((one) => one.text !== '')
  for (let from = 0; from < turns.length; from += mostLines)
    await noteTurns(ctx, call.id, { turns: turns.slice(from, from + mostLines) })
  if (turns.length > 0) ctx.after(tellFloor(ctx, ctx.restaurant.id))
}

export type Cost = { amount: number; unit: string }

/** R243. The call is over: its table is given back. Told again, by a report that comes later, it adds what was not known. */
export async function endCall(
  ctx: TenantCtx,
  call: { id: string },
  end: CallEnd & { cost?: Cost | null },
): Promise<void> {
  const { cost, ...told } = end
  await closeCall(ctx, call.id, { ...told, reason: told.reason.slice(0, 80), summary: told.summary?.slice(0, 4000) })
  if (cost) await withRetry(() => setCallCost(ctx.db, ctx.restaurant.id, call.id, cost), ctx.request_id)
  ctx.after(tellFloor(ctx, ctx.restaurant.id))
}
