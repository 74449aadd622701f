import type { RealtimeItem, RealtimeSession, RealtimeTransportLayer } from '@openai/agents/realtime'
import { log } from '../../platform/log.ts'
import type { VoiceCall } from '../call-schema.ts'
import { closeCall, noteTurns } from '../calls.ts'
import { realtimeTeam } from './agents.ts'
import { loadSdk } from './load-sdk.ts'
import { hear, noteRefusal, openTurn, type TeamCtx, type Turn } from './turn.ts'

/** How long the words of a caller are waited for, before what they said counts as spoken all the same. */
const writingMs = 2_000
const longestLine = 4_000

export type LiveLine = {
  /** The SDK's own over WebSocket or SIP; in tests the scripted one. */
  transport: RealtimeTransportLayer
  api_key: string
  /** OpenAI's name for the SIP call that was accepted. */
  realtime_call_id?: string
  model?: string
  now: () => number
}
export type LiveTeam = { session: RealtimeSession; turn: Turn; over: Promise<void> }

/**
 * R267. The team takes a live call: it listens and speaks through the transport, and keeps the call's record as it goes:
 * lines, handoffs, operations. When the line goes dead the call is closed, and its table given back. Whoever calls this
 * must live as long as the call does.
 */
export async function attachTeam(
  ctx: TeamCtx,
  call: Pick<VoiceCall, 'state' | 'escalated_at'>,
  line: LiveLine,
): Promise<LiveTeam> {
  const sdk = await loadSdk()
  const escalated = call.escalated_at !== null
  const turn = openTurn(ctx, `live:${ctx.call.id}`, {
    agent: 'main',
    state: { ...call.state },
    read_back: null,
    escalated,
  })
  const agents = realtimeTeam(sdk, () => atThisMoment(turn, line.now()))
  const session = new sdk.RealtimeSession(agents.main, {
    transport: line.transport,
    tracingDisabled: true,
    historyStoreAudio: false,
    ...(line.model === undefined ? {} : { model: line.model }),
    config: { parallelToolCalls: false },
  })
  const record = recorder(turn)
  session.on('transport_event', (event) => listen(turn, event))
  session.on('history_updated', (items) => ctx.after(record(items)))
  session.on('error', ({ error }) => ctx.after(mishap(turn, session, error)))
  const over = untilDead(line.transport, async () => {
    await record(session.history)
    await closeCall(ctx, ctx.call.id, { reason: 'hang_up' })
  })
  await session.connect({
    apiKey: line.api_key,
    ...(line.realtime_call_id === undefined ? {} : { callId: line.realtime_call_id }),
  })
  return { session, turn, over }
}

async function untilDead(transport: RealtimeTransportLayer, end: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    transport.on('connection_change', (status) => {
      if (status === 'disconnected') resolve()
    })
  })
  await end()
}

/** A call lasts minutes, and what is decided in it is decided by the clock of that minute. */
function atThisMoment(turn: Turn, now: number): Turn {
  turn.ctx = { ...turn.ctx, now }
  return turn
}

/**
 * The caller has stopped speaking, or their words are there. The model may act on the sound before the words are written
 * down, so a yes waits for them; words that do not come leave it to the model.
 */
function listen(turn: Turn, event: { type: string; [key: string]: unknown }): void {
  if (event.type === 'input_audio_buffer.committed') {
    const { promise, resolve } = Promise.withResolvers<void>()
    const written = (words: string): void => {
      if (turn.written !== written) return
      turn.written = null
      hear(turn, words)
      resolve()
    }
    turn.writing = promise
    turn.written = written
    setTimeout(() => written(''), writingMs)
  }
  if (event.type !== 'conversation.item.input_audio_transcription.completed') return
  const words = typeof event['transcript'] === 'string' ? event['transcript'] : ''
  if (turn.written === null) hear(turn, words)
  else turn.written(words)
}

/** Lines of the conversation, each once it is whole and once only. */
function recorder(turn: Turn): (items: RealtimeItem[]) => Promise<void> {
  const noted = new Set<string>()
  return async (items) => {
    const fresh = items.flatMap((item) => {
      const line = lineOf(item)
      if (line === null || noted.has(item.itemId)) return []
      noted.add(item.itemId)
      return [{ key: item.itemId.slice(0, 200), ...line }]
    })
    if (fresh.length > 0) await noteTurns(turn.ctx, turn.ctx.call.id, { turns: fresh })
  }
}

function lineOf(item: RealtimeItem): { speaker: 'caller' | 'agent'; text: string } | null {
  if (item.type !== 'message' || item.role === 'system' || item.status !== 'completed') return null
  const parts = item.content.map((part) => ('text' in part ? part.text : (part.transcript ?? '')))
  const text = parts.join(' ').trim().slice(0, longestLine)
  return text === '' ? null : { speaker: item.role === 'user' ? 'caller' : 'agent', text }
}

/** A tool that the agent does not have ends in silence unless the model is asked to go on. */
async function mishap(turn: Turn, session: RealtimeSession, error: unknown): Promise<void> {
  const name = error instanceof Error ? /^Tool (\S+) not found$/.exec(error.message)?.[1] : undefined
  if (name === undefined) {
    const { request_id, call } = turn.ctx
    const kind = error instanceof Error ? error.name : 'unknown'
    log('warn', 'live_call_error', { request_id, call_id: call.id, agent: turn.agent, reason: kind })
    return
  }
  await noteRefusal(turn, name, 'not_found', crypto.randomUUID())
  session.transport.requestResponse?.()
}
