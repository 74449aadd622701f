import { parseJson } from '../../platform/body.ts'
import { sha256Hex } from '../../platform/ids.ts'
import { Problem } from '../../platform/problem.ts'
import { briefFor } from './brief.ts'
import {
  admit,
  callOf,
  type Cost,
  endCall,
  type HouseCtx,
  noteLines,
  perform,
  shownNumber,
  spoken,
  type Told,
  toldToModel,
  type VendorDoor,
} from './door.ts'
import { type RetellAsked, RetellBody, type RetellCall, type RetellSaid } from './retell-schema.ts'
import { isFromRetell } from './signature.ts'

/** R242. Retell’s custom functions, its events, and what it asks before it takes a call. */
export const retellDoor: VendorDoor = async (ctx, { slug, headers, body }) => {
  // By the real hour: the window is what keeps an old message from being sent again.
  const house = await admit(ctx, 'retell', slug, (voice) => isFromRetell(voice, headers, body, Date.now()))
  const parsed = RetellBody.safeParse(parseJson(body))
  if (!parsed.success) throw new Problem('validation_failed')
  const told = parsed.data
  if (told.kind === 'inbound') return Response.json(await inbound(house, told.from))
  const call = await callOf(house, 'retell', lineOf(told.call))
  if (told.kind === 'event') {
    await hearOf(house, call, told.event, told.call)
    return Response.json({})
  }
  const named = told.tool_call_id ?? invocationOf(told.call, told.name) ?? (await momentOf(told))
  return Response.json(toldToModel(await perform(house, call, told.name, told.args, named)))
}

const lineOf = ({ call_id, from_number, to_number }: RetellCall): Parameters<typeof callOf>[2] => ({
  vendor_call_id: call_id,
  caller: from_number ?? null,
  called: to_number ?? null,
})

/** There is no call yet, and no record of one: only what its agent should know. */
async function inbound(ctx: HouseCtx, from: string | null): Promise<Record<string, unknown>> {
  const call = { locale: ctx.restaurant.languages[0] ?? 'en', caller_phone: shownNumber(from) }
  const { variables, instructions } = await briefFor(ctx, call)
  const { agent_id } = ctx.voice
  const override = agent_id === undefined ? {} : { override_agent_id: agent_id }
  return { call_inbound: { ...override, dynamic_variables: { ...variables, instructions } } }
}

/** Retell’s own name for this invocation: the last of that function without a result. */
function invocationOf({ transcript_with_tool_calls }: RetellCall, name: string): string | null {
  const said = transcript_with_tool_calls ?? []
  const answered = new Set(said.flatMap((one) => (one.role === 'tool_call_result' ? [one.tool_call_id] : [])))
  const open = said.filter(
    (one) => one.role === 'tool_call_invocation' && one.name === name && !answered.has(one.tool_call_id),
  )
  return open.at(-1)?.tool_call_id ?? null
}

/** Where it gives none: what is asked at this point of the conversation. Said again later it is another wish. */
function momentOf({ name, args, call }: RetellAsked): Promise<string> {
  return sha256Hex(JSON.stringify([name, args, call.transcript ?? null]))
}

async function hearOf(ctx: HouseCtx, call: { id: string }, event: string, told: RetellCall): Promise<void> {
  const lines = linesOf(told.transcript_object ?? [])
  const reason = told.disconnection_reason ?? 'hang_up'
  const cents = told.call_cost?.combined_cost
  const cost: Cost | null = typeof cents === 'number' ? { amount: cents / 100, unit: 'USD' } : null
  if (event === 'transcript_updated') {
    // The last line is still being said.
    await noteLines(ctx, call, lines.slice(0, -1))
  } else if (event === 'call_ended' || event === 'call_analyzed') {
    await noteLines(ctx, call, lines)
    await endCall(ctx, call, { reason, summary: told.call_analysis?.call_summary ?? null, cost })
  }
}

/** By its place in the conversation, which later events have in the same order. */
function linesOf(said: RetellSaid[]): Told[] {
  return said.flatMap(({ role, content }, i) =>
    role === 'user' || role === 'agent' ? [spoken(i, role === 'user', content)] : [],
  )
}
