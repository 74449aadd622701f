import * as z from 'zod'
import type { Arena } from './arena.ts'
import { headersOf, plainly, toldOf, type Door, type Told } from './doors.ts'
import type { House } from './house.ts'

const present = '2026-07-28'
const Rpc = z.object({
  result: z.looseObject({ structuredContent: z.unknown() }).optional(),
  error: z.looseObject({ message: z.string(), data: z.unknown() }).optional(),
})
const Problem = z.looseObject({ code: z.string(), status: z.int() })
const Opened = z.object({ data: z.object({ call: z.object({ id: z.string() }), call_token: z.string() }) })

let asked = 0

/** A tool call as clients of 2025 and of the present revision send it, in turn. */
function toolCall(name: string, args: Record<string, unknown>): { headers: Record<string, string>; body: string } {
  asked += 1
  const params = { name, arguments: args }
  const body = (more: object): string =>
    JSON.stringify({ jsonrpc: '2.0', id: asked, method: 'tools/call', params: { ...params, ...more } })
  const accept = 'application/json, text/event-stream'
  if (asked % 2 === 0) return { headers: { accept, 'mcp-protocol-version': '2025-06-18' }, body: body({}) }
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': present,
    'io.modelcontextprotocol/clientInfo': { name: 'prove', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const headers = { accept, 'mcp-protocol-version': present, 'mcp-method': 'tools/call', 'mcp-name': name }
  return { headers, body: body({ _meta: envelope }) }
}

/** One answer as JSON, or as the only event of a stream. */
function readRpc(status: number, text: string): Told {
  if (status !== 200) return plainly({ status, text })
  const rpc = Rpc.safeParse(parse(/^data: (.+)$/m.exec(text)?.[1] ?? text))
  const error = rpc.data?.error
  if (error) return { ...(Problem.safeParse(error.data).data ?? { status: 500, code: null }), output: {}, text }
  return toldOf(rpc.data?.result?.structuredContent, text)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function askMcp(arena: Arena, bearer: string, ...[operation, input, manner]: Parameters<Asking>): Promise<Told> {
  const { headers, body } = toolCall(operation, input)
  const sent = { ...headersOf(manner, bearer), ...headers }
  const reply = await arena.send({ method: 'POST', path: '/mcp', headers: sent, body })
  return readRpc(reply.status, reply.text)
}
type Asking = Awaited<ReturnType<Door['open']>>['ask']

/** With a key and no call: somebody's assistant books, and what it does not commit lapses. */
export const mcp: Door = {
  name: 'mcp',
  open: (arena, house) =>
    Promise.resolve({ door: 'mcp', ask: (...what) => askMcp(arena, house.key, ...what), hangUp: null }),
}

/** With the token of a call: an agent on the telephone, who hangs up. */
export const mcpInCall: Door = {
  name: 'mcp-call',
  async open(arena, house, phone) {
    const { id, token } = await ring(arena, house, phone)
    return {
      door: 'mcp-call',
      ask: (...what) => askMcp(arena, token, ...what),
      async hangUp(manner) {
        const path = `/api/agents/calls/${id}/close`
        const reply = await arena.send({ method: 'POST', path, headers: headersOf(manner, token), body: '{}' })
        return plainly(reply)
      },
    }
  },
}

async function ring(arena: Arena, house: House, caller_phone: string): Promise<{ id: string; token: string }> {
  const headers = headersOf({ key: `ring:${crypto.randomUUID()}`, moment: null }, house.key)
  const reply = await arena.send({
    method: 'POST',
    path: '/api/agents/calls',
    headers,
    body: JSON.stringify({ caller_phone }),
  })
  if (reply.status !== 201) throw new Error(`nobody answered: ${reply.status} ${reply.text}`)
  const { call, call_token } = Opened.parse(JSON.parse(reply.text)).data
  return { id: call.id, token: call_token }
}
