import { createHmac } from 'node:crypto'
import * as z from 'zod'
import type { Arena } from './arena.ts'
import { headersOf, plainly, statusOf, type Door, type Manner, type Told } from './doors.ts'
import type { House } from './house.ts'

const secret = 'prove-vapi-secret-0123456789abcdef'
const Results = z.object({
  results: z.array(z.looseObject({ result: z.string().optional(), error: z.string().optional() })).length(1),
})
const Refusal = z.looseObject({ code: z.string() })

let rung = 0
const connected = new Map<string, Promise<void>>()

/** Vapi's server messages, signed as Vapi signs them: the answer is 200 whatever came of it. */
export const vapi: Door = {
  name: 'vapi',
  async open(arena, house, phone) {
    await connect(arena, house)
    rung += 1
    const call = { id: `vapi-${process.pid}-${rung}`, customer: { number: phone } }
    return {
      door: 'vapi',
      async ask(operation, input, manner) {
        const tool = { id: `tool-${manner.key}`, type: 'function', function: { name: operation, arguments: input } }
        const message = { type: 'tool-calls', timestamp: Date.now(), call, toolCallList: [tool] }
        const reply = await tell(arena, house, message, manner)
        return reply.status === 200 ? readResult(reply.text) : plainly(reply)
      },
      async hangUp(manner) {
        const message = { type: 'status-update', status: 'ended', endedReason: 'customer-ended-call', call }
        const reply = await tell(arena, house, message, manner)
        return plainly(reply)
      },
    }
  },
}

/** The house lets Vapi answer its telephone. */
function connect(arena: Arena, house: House): Promise<void> {
  const known = connected.get(house.id)
  if (known) return known
  const asked = async (): Promise<void> => {
    const headers = headersOf({ key: `connect:${house.id}`, moment: null }, house.key)
    const body = JSON.stringify({ secret })
    const reply = await arena.send({ method: 'PUT', path: '/api/integrations/voice/vapi', headers, body })
    if (reply.status !== 200) throw new Error(`Vapi was not let in: ${reply.status} ${reply.text}`)
  }
  const connecting = asked()
  connected.set(house.id, connecting)
  return connecting
}

async function tell(
  arena: Arena,
  house: House,
  message: unknown,
  manner: Manner,
): Promise<{ status: number; text: string }> {
  const body = JSON.stringify({ message })
  const timestamp = String(Date.now())
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  const headers = { ...headersOf(manner), 'x-timestamp': timestamp, 'x-signature': signature }
  return arena.send({ method: 'POST', path: `/webhooks/voice/vapi/${house.name}`, headers, body })
}

/** One result for one tool call: on one line, as Vapi wants it. */
function readResult(text: string): Told {
  const results = Results.safeParse(JSON.parse(text))
  const [one] = results.data?.results ?? []
  const line = one?.result ?? one?.error ?? ''
  if (!one || line === '' || line.includes('\n')) return { status: 500, code: null, output: {}, text }
  const told: unknown = JSON.parse(line)
  if (one.result !== undefined)
    return { status: 200, code: null, output: z.record(z.string(), z.unknown()).parse(told), text }
  const { code } = Refusal.parse(told)
  return { status: statusOf(code), code, output: {}, text }
}
