import { canonicalJson, sha256Hex } from '../../platform/ids.ts'
import { wallOf } from '../../platform/time.ts'
import { withRetry } from '../../platform/db.ts'
import { causeOf } from '../../platform/events.ts'
import { Problem, type ProblemCode } from '../../platform/problem.ts'
import { noteHandoff } from '../calls.ts'
import { transferNumber } from '../escalate.ts'
import { extract } from '../extract-rules.ts'
import type { Extraction } from '../extract-schema.ts'
import { boundFields, readableInput, slotsOf } from '../input-rules.ts'
import { operate, type OperationAnswer } from '../operate.ts'
import type { CallCtx } from '../operation.ts'
import { insertToolCall } from '../queries.ts'
import { refusalSentence, speechFor } from '../speech.ts'
import { instructionsFor } from './instructions.ts'
import { filledIn, handoffTool, readHandoff, team } from './rules.ts'
import { type ReadBack, type TeamAgentName, type TurnAnswer } from './schema.ts'

/** A call in which an id is certain. */
export type TeamCtx = CallCtx & { call: CallCtx['call'] & { id: string } }

/**
 * What the team knows while it answers: the call's record as it stands, and what happened since the caller last spoke.
 * The server's, whatever the model remembers. Both the text and the realtime agents work on one of these.
 */
export type Turn = {
  ctx: TeamCtx
  agent: TeamAgentName
  state: Record<string, unknown>
  read_back: ReadBack | null
  /** Tokens that were made since the caller last spoke: nobody can have said yes to them. */
  unheard: Set<string>
  /** The caller's last words, and what they say by themselves. */
  heard: { utterance: string; says: Extraction } | null
  /** In a live call: until what was just spoken is written down. Nothing is taken for a yes before. */
  writing: Promise<void> | null
  written: ((words: string) => void) | null
  escalated: boolean
  /** Before the keys of what is done in this turn. */
  key: string
  handoffs: TurnAnswer['handoffs']
  operations: TurnAnswer['operations']
}

export function openTurn(
  ctx: TeamCtx,
  key: string,
  known: Pick<Turn, 'agent' | 'state' | 'read_back' | 'escalated'>,
): Turn {
  return {
    ctx,
    key,
    ...known,
    unheard: new Set(),
    heard: null,
    writing: null,
    written: null,
    handoffs: [],
    operations: [],
  }
}

/** The caller has spoken: whatever was read back before may now be said yes to. */
export function hear(turn: Turn, utterance: string): void {
  const { restaurant, now, call } = turn.ctx
  const says = extract(utterance, {
    reference_date: wallOf(now, restaurant.timezone).date,
    country: restaurant.country,
    locale: call.locale,
    house: restaurant,
    asked: undefined,
  })
  turn.heard = { utterance, says }
  turn.unheard.clear()
}

/** What the agent whose turn it is is told, as things stand this moment. */
export function instructionsNow(turn: Turn, agent: TeamAgentName): string {
  const { restaurant, now, call } = turn.ctx
  const { state, read_back, escalated } = turn
  const has_number = call.caller_phone !== null
  return instructionsFor(agent, { restaurant, now, locale: call.locale, has_number, state, read_back, escalated })
}

/**
 * One operation, as the agent asks for it; answers what the model is told. R261: an agent has its own operations and no
 * others. R264: what was read back is done only once the caller has spoken since, and has not said no.
 */
export async function useOperation(
  turn: Turn,
  agent: TeamAgentName,
  name: string,
  raw: unknown,
  tool_call_id: string,
): Promise<string> {
  const input = readableInput(raw)
  if (hasToken(input)) await turn.writing
  const refused = !team[agent].operations.includes(name)
    ? 'forbidden'
    : mayCommit(turn, name, input)
      ? null
      : 'yes_needed'
  if (refused !== null) {
    await noteRefusal(turn, name, refused, tool_call_id)
    return told(refusal(turn, refused))
  }
  const fingerprint = await sha256Hex(canonicalJson([name, input]))
  const answer = await operate(turn.ctx, name, raw, { key: `${turn.key}:${tool_call_id}`, fingerprint })
  turn.operations.push({ operation: name, outcome: answer.ok ? 'ok' : answer.problem.code })
  if (answer.ok) {
    Object.assign(turn.state, slotsOf(raw))
    if (name === 'escalate') turn.escalated = true
  }
  remember(turn, name, input, answer)
  return told(answer)
}

/** A yes may be worded in many ways; what is plainly none, a question or another wish, is not taken for one. */
function mayCommit(turn: Turn, name: string, input: unknown): boolean {
  if (!hasToken(input)) return true
  if (turn.heard === null || turn.unheard.has(input.commit_token.trim())) return false
  const { intent } = turn.heard.says
  return ['confirm', 'book', 'other'].includes(intent) || name.startsWith(`${intent}_`)
}

function hasToken(input: unknown): input is { commit_token: string } {
  return isRecord(input) && typeof input['commit_token'] === 'string'
}

/** Keeps what is read back and its token, and drops it once it is done. */
function remember(turn: Turn, name: string, input: unknown, answer: OperationAnswer): void {
  const facts = answer.ok ? answer.output : answer.problem.more
  const { commit_token, read_back } = facts
  if (typeof commit_token === 'string' && typeof read_back === 'string') {
    turn.unheard.add(commit_token)
    turn.read_back = {
      operation: name,
      input: boundFields(isRecord(input) ? input : {}),
      commit_token,
      sentence: read_back,
    }
  } else if (answer.ok && isRecord(input) && input['commit_token'] && turn.read_back?.operation === name) {
    turn.read_back = null
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a model is told: flat, so that `say` is found at once. */
function told(answer: OperationAnswer): string {
  if (answer.ok) return JSON.stringify({ ok: true, say: answer.say, ...answer.output })
  const { code, errors, more } = answer.problem
  return JSON.stringify({ ok: false, code, say: answer.say, ...(errors ? { errors } : {}), ...more })
}

function refusal(turn: Turn, code: ProblemCode): OperationAnswer {
  const problem = new Problem(code)
  const read = code === 'yes_needed' ? turn.read_back?.sentence : undefined
  const hint = refusalSentence(speechFor(turn.ctx), { code, hint: problem.message, alternatives: [] })
  const facts = { code, status: 409, detail: problem.message, hint, more: {} }
  return { ok: false, problem: facts, say: read ?? hint }
}

/** That a model wanted what it may not, or wrote what nobody can read: for the call's record. */
export async function noteRefusal(turn: Turn, name: string, outcome: string, key: string): Promise<void> {
  const { ctx } = turn
  turn.operations.push({ operation: name.slice(0, 60), outcome })
  const tool = { key: `${turn.key}:${key}`, operation: name.slice(0, 60), input: {}, outcome, ms: 0 }
  await withRetry(() => insertToolCall(ctx.db, { ...planOf(ctx), tool, slots: {} }), ctx.request_id)
}

function planOf(ctx: TeamCtx): Record<string, unknown> {
  const actor = { kind: 'call', id: ctx.call.id } as const
  return { ...causeOf({ ...ctx, actor }), restaurant_id: ctx.restaurant.id, id: ctx.call.id }
}

/** R263. What a model hands over, as the type wants it; what could not be read is noted. */
export async function mended(turn: Turn, to: TeamAgentName, raw: string): Promise<string> {
  const { data, mistakes } = readHandoff(to, raw)
  const key = `handoff-${turn.handoffs.length}:mistakes`
  if (mistakes.length > 0) await noteRefusal(turn, handoffTool(to), 'validation_failed', key)
  return JSON.stringify(data)
}

/**
 * R262. One agent hands over to another: what it knows goes into the call's record, where nothing known is ever replaced
 * by nothing, and the next one is told. To hand over to a person is to tell the house, whatever the model does after it.
 */
export async function handOver(
  turn: Turn,
  from: TeamAgentName,
  to: TeamAgentName,
  given: Record<string, unknown>,
): Promise<void> {
  const { ctx, heard } = turn
  const data = to === 'reservation' ? filledIn(given, certain(heard?.says)) : { ...given }
  if (to === 'escalation' && data['summary'] === '…' && heard) data['summary'] = heard.utterance.slice(0, 1000)
  const id = `handoff-${turn.handoffs.length}`
  const actor = { kind: 'call', id: ctx.call.id } as const
  const handoff = { key: `${turn.key}:${id}`, from, to, data }
  const { data: call } = await noteHandoff({ ...ctx, actor }, ctx.call.id, handoff)
  turn.state = { ...turn.state, ...call.state }
  turn.agent = to
  turn.handoffs.push({ from, to })
  if (to === 'escalation') await useOperation(turn, 'escalation', 'escalate', data, `${id}:escalate`)
}

/** What a sentence says beyond doubt: nothing that may be read in two ways, and no name. */
function certain(says: Extraction | undefined): Record<string, unknown> {
  const spans = says?.spans.filter((one) => one.confidence >= 0.8 && one.alternatives.length === 0) ?? []
  const sure = new Set(spans.map((one) => one.slot))
  const { date, time, party_size, phone } = says ?? {}
  return Object.fromEntries(
    Object.entries({ date, time, party_size, phone }).filter(([slot]) => [...sure].some((one) => one === slot)),
  )
}

/**
 * What is said in the end. R264: what was read back in this turn is said word by word, whatever the model made of it:
 * a yes is a yes to those words.
 */
export function spoken(turn: Turn, text: string): string {
  const waits = turn.read_back !== null && turn.unheard.has(turn.read_back.commit_token)
  if (waits && turn.read_back !== null && !text.includes(turn.read_back.sentence)) return turn.read_back.sentence
  return text.trim()
}

export function answerOf(turn: Turn, text: string): TurnAnswer {
  const { agent, handoffs, operations, read_back, escalated } = turn
  return {
    say: spoken(turn, text),
    agent,
    handoffs,
    operations,
    waits_for_yes: read_back !== null,
    transfer_to: escalated ? transferNumber(turn.ctx) : null,
  }
}

/** How long a lease is, and the longest that a model is waited for, in milliseconds. */
export const leaseSeconds = 60
export const modelMs = 25_000
export const mostModelCalls = 12
