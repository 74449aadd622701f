import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import * as z from 'zod'
import type { Arena } from './arena.ts'
import { headersOf, statusOf, type Door, type Told } from './doors.ts'
import type { House } from './house.ts'

const Message = z.looseObject({
  type: z.string(),
  request_id: z.string().nullish(),
  call_id: z.string().optional(),
  code: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
})
type Message = z.output<typeof Message>
const Call = z.object({ data: z.looseObject({ ended_at: z.string().nullable() }) })

const patience_ms = 20_000
let opened = 0

/** A call over the voice socket: what is said in it has the name of its handshake and a number, one after the other. */
export const voiceSocket: Door = {
  name: 'voice-ws',
  async open(arena, house, phone, moment) {
    opened += 1
    const name = `${house.name}:ws:${opened}`
    const line = await connect(arena, house, phone, headersOf({ key: name, moment }))
    // Every other caller is cut off in the middle of it, without a word.
    const abruptly = opened % 2 === 0
    return {
      door: 'voice-ws',
      nextKey: () => `${name}.${line.sent() + 1}`,
      async ask(operation, data, { key }) {
        const request_id = `${key}:${line.sent()}`
        const answer = await line.say({ type: 'operation', request_id, operation, data }, request_id)
        const text = JSON.stringify(answer)
        const { code = null } = answer
        return { status: code === null ? 200 : statusOf(code), code, output: answer.data ?? {}, text }
      },
      async hangUp() {
        if (abruptly) line.cut()
        else await line.say({ type: 'hang_up' }, 'call.ended')
        return ended(arena, house, line.call_id)
      },
    }
  },
}

type Socket = {
  call_id: string
  /** How many messages were sent. */
  sent: () => number
  /** The answer is the one to this request, or of this type. */
  say: (message: object, answer: string) => Promise<Message>
  cut: () => void
}

async function connect(arena: Arena, house: House, phone: string, headers: Record<string, string>): Promise<Socket> {
  const url = `${arena.origin.replace(/^http/, 'ws')}/voice/ws?caller_phone=${encodeURIComponent(phone)}`
  const socket = new WebSocket(url, ['tableside.voice.v1', `bearer.${house.key}`], { headers })
  const waiting = new Map<string, { hear: (message: Message) => void; lose: (error: Error) => void }>()
  let sent = 0
  const lost = (why: string): void => {
    for (const { lose } of waiting.values()) lose(new Error(why))
    waiting.clear()
  }
  socket.on('message', (raw: Buffer) => {
    const message = Message.parse(JSON.parse(raw.toString()))
    const name = message.request_id ?? message.type
    waiting.get(name)?.hear(message)
    waiting.delete(name)
  })
  socket.on('close', (code) => lost(`closed ${code}`))
  socket.on('error', (error) => lost(error.message))
  const wait = (name: string): Promise<Message> =>
    new Promise((hear, lose) => {
      const timer = setTimeout(() => lose(new Error(`no answer within ${patience_ms} ms`)), patience_ms)
      const settle =
        <T>(then: (what: T) => void) =>
        (what: T): void => (clearTimeout(timer), then(what))
      waiting.set(name, { hear: settle(hear), lose: settle(lose) })
    })
  const started = await wait('call.started')
  return {
    call_id: started.call_id ?? '',
    sent: () => sent,
    say(message, answer) {
      if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error('the line is dead'))
      sent += 1
      const heard = wait(answer)
      socket.send(JSON.stringify(message))
      return heard
    },
    cut: () => socket.terminate(),
  }
}

/** Nobody answers to a line that was cut: what came of it, the call's record says. */
async function ended(arena: Arena, house: House, call_id: string): Promise<Told> {
  const headers = { authorization: `Bearer ${house.key}` }
  const until = performance.now() + patience_ms
  while (performance.now() < until) {
    const { text } = await arena.send({ method: 'GET', path: `/api/agents/calls/${call_id}`, headers })
    const call = Call.safeParse(JSON.parse(text))
    if (call.data?.data.ended_at) return { status: 200, code: null, output: {}, text }
    await sleep(20)
  }
  throw new Error('the call never ended')
}
