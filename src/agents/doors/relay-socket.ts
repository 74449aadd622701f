import type { Ctx } from '../../platform/ctx.ts'
import { log } from '../../platform/log.ts'
import { Problem } from '../../platform/problem.ts'
import { wallOf } from '../../platform/time.ts'
import { isUpgrade } from '../../platform/upgrade.ts'
import { catalogOf, spokenLanguage } from '../speech.ts'
import { linesFor } from './dialogue-lines-rules.ts'
import { hear } from './dialogue-hear-rules.ts'
import { type Hearing, joined, openDialogue, wantPerson } from './dialogue-rules.ts'
import { learn } from './dialogue-learn-rules.ts'
import type { Dialogue, Turn } from './dialogue-schema.ts'
import { admit, beginCall, endCall, type HouseCtx, type LiveCall, noteLines, perform, type Told } from './door.ts'
import { greetingOf, spokenBy } from './relay-languages.ts'
import { isFromTwilio } from './signature.ts'
import { clockFrom, hangUp, type Listener, listenTo, sayTo } from './socket-line.ts'
import { type HandoffData, RelayIn, type RelayOut } from './twilio-schema.ts'
import { twilioLanguage } from './twiml-rules.ts'

/** No sentence takes more steps than this: hold, read back, and what may come between. */
const mostSteps = 6

/**
 * R249. Twilio’s ConversationRelay: its handshake is signed as its webhooks are, over the address it was given. What the
 * caller says comes as text, and text is what is said.
 */
export async function openRelay(ctx: Ctx, request: Request, slug: string): Promise<Response> {
  if (!isUpgrade(request)) throw new Problem('upgrade_required')
  const { pathname, search } = new URL(request.url)
  const url = ctx.secrets.public_origin.replace(/^http/, 'ws') + pathname + search
  const house = await admit(ctx, 'twilio', slug, (voice) => isFromTwilio(voice, request.headers, url, { socket: true }))
  const { 0: client, 1: server } = new WebSocketPair()
  listenTo(house, server, conversationOn(house, server))
  return new Response(null, { status: 101, webSocket: client })
}

function conversationOn(house: HouseCtx, socket: WebSocket): Listener {
  const clock = clockFrom(house)
  const { restaurant } = house
  let call: LiveCall | null = null
  let session = ''
  let dialogue: Dialogue = openDialogue(restaurant.languages[0] ?? 'en')
  let turns = 0
  /** The transcript is written behind the conversation, in its order. */
  let noting: Promise<void> = Promise.resolve()

  const tell = (message: RelayOut): void => sayTo(socket, message)
  const note = (ctx: HouseCtx, on: LiveCall, lines: Told[]): void => {
    noting = noting
      .then(() => noteLines(ctx, on, lines))
      .catch((error: unknown) => log('warn', 'voice_not_noted', { request_id: ctx.request_id, reason: String(error) }))
  }
  const line = (speaker: Told['speaker'], text: string, at: string): Told => ({
    key: `${session}:${at}`,
    speaker,
    text,
  })

  async function begin(ctx: HouseCtx, setup: Extract<RelayIn, { type: 'setup' }>): Promise<void> {
    const begun = await beginCall(ctx, 'twilio', {
      vendor_call_id: setup.callSid,
      caller: setup.from ?? null,
      called: setup.to ?? null,
    })
    if (begun.call.ended) return hangUp(socket, 1000, 'over')
    call = begun.call
    session = setup.sessionId || setup.callSid
    dialogue = openDialogue(spokenLanguage(call.locale, restaurant), begun.known)
    note(ctx, call, [line('agent', greetingOf(restaurant, call.locale), 'greeting')])
  }

  /** One sentence, and as many steps as it takes until there is something to ask, or nothing more to say. */
  async function converse(
    ctx: HouseCtx,
    on: LiveCall,
    utterance: string,
    first: (hearing: Hearing) => Turn,
  ): Promise<void> {
    turns += 1
    const hearing = hearingOf(ctx, { ...on, locale: dialogue.locale })
    let { dialogue: current, act } = first(hearing)
    let said = ''
    for (let step = 0; act.kind === 'operate'; step++) {
      const { operation, input } = act
      said = joined(said, act.say)
      const speaking = { ...on, locale: current.locale }
      const answer = await perform(ctx, speaking, operation, input, `${session}:${turns}:${step}`)
      const next: Turn =
        step < mostSteps ? learn(current, operation, input, answer, hearing) : wantPerson(current, 'technical')
      current = next.dialogue
      act = step > mostSteps ? { kind: 'end', say: '', transfer: true } : next.act
    }
    said = joined(said, act.say)
    dialogue = current
    note(ctx, on, [line('caller', utterance, `${turns}:c`), line('agent', said, `${turns}:a`)])
    if (act.kind === 'ask') return speak(said, !act.whole)
    // Said by the call itself, which the end of the conversation cannot cut short.
    const left: HandoffData = { say: said, transfer: act.transfer, locale: dialogue.locale }
    tell({ type: 'end', handoffData: JSON.stringify(left) })
    await finish(ctx, act.transfer ? 'transferred' : 'goodbye')
  }

  function speak(token: string, interruptible: boolean): void {
    tell({ type: 'text', token, last: true, lang: twilioLanguage(dialogue.locale, restaurant.country), interruptible })
  }

  function switchTo(locale: string): void {
    const code = twilioLanguage(locale, restaurant.country)
    dialogue = { ...dialogue, locale, question: linesFor(locale).how }
    tell({ type: 'language', ttsLanguage: code, transcriptionLanguage: code })
    speak(greetingOf(restaurant, locale), true)
  }

  async function press(ctx: HouseCtx, on: LiveCall, digit: string): Promise<void> {
    const language = spokenBy(restaurant)[Number(digit) - 1]
    if (digit === '0') return converse(ctx, on, '0', () => wantPerson(dialogue, 'asked_for_person'))
    if (dialogue.asked === 'party_size') return converse(ctx, on, digit, (hearing) => hear(dialogue, digit, hearing))
    if (language !== undefined && language !== dialogue.locale && dialogue.task === null) switchTo(language)
  }

  async function finish(ctx: HouseCtx, reason: string): Promise<void> {
    const on = call
    call = null
    if (on === null) return
    // The table first: the lines can wait.
    await endCall(ctx, on, { reason })
    await noting
  }

  return {
    async hear(text) {
      const ctx = { ...house, ...clock() }
      const parsed = RelayIn.safeParse(jsonIn(text))
      // What Twilio adds tomorrow is not for us.
      if (!parsed.success) return log('warn', 'relay_not_understood', { request_id: ctx.request_id })
      const frame = parsed.data
      if (frame.type === 'setup') return begin(ctx, frame)
      if (frame.type === 'error')
        return log('warn', 'relay_error', { request_id: ctx.request_id, reason: frame.description })
      const on = call
      if (on === null) return
      if (frame.type === 'dtmf') return press(ctx, on, frame.digit)
      if (frame.type !== 'prompt' || !frame.last || frame.voicePrompt.trim() === '') return
      return converse(ctx, on, frame.voicePrompt, (hearing) => hear(dialogue, frame.voicePrompt, hearing))
    },
    over: (reason) => finish({ ...house, ...clock() }, reason),
  }
}

function hearingOf(ctx: HouseCtx, call: LiveCall): Hearing {
  const { restaurant, now } = ctx
  return {
    reference_date: wallOf(now, restaurant.timezone).date,
    country: restaurant.country,
    house: restaurant,
    caller_phone: call.caller_phone,
    words: catalogOf(spokenLanguage(call.locale, restaurant)),
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
