import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import * as z from 'zod'

export type Asked = {
  authorization: string | undefined
  body: {
    model: string
    instructions: string
    store: boolean
    tools: { name: string }[]
    input: { [key: string]: string }[]
  }
}
type Says = { text: string } | { tool: string; input: unknown } | { status: number }

/** OpenAI's Responses API as far as a team asks it: it says what the script says, and keeps what it was asked. */
export async function startResponsesApi(): Promise<{
  url: string
  asked: Asked[]
  script: ((asked: Asked) => Says)[]
  stop: () => Promise<void>
}> {
  const asked: Asked[] = []
  const script: ((asked: Asked) => Says)[] = []
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const one: Asked = { authorization: request.headers.authorization, body: JSON.parse(await bodyOf(request)) }
    asked.push(one)
    const says = script.shift()?.(one) ?? { status: 500 }
    const status = request.url === '/v1/responses' ? ('status' in says ? says.status : 200) : 404
    const body = status === 200 ? answer(says, asked.length) : { error: { message: 'sk-in-house is wrong' } }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = z.object({ port: z.int() }).parse(server.address())
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
  return { url: `http://127.0.0.1:${port}/v1`, asked, script, stop }
}

function answer(says: Says, n: number): Record<string, unknown> {
  const output =
    'tool' in says
      ? {
          type: 'function_call',
          id: `fc_${n}`,
          call_id: `call_${n}`,
          name: says.tool,
          arguments: JSON.stringify(says.input),
          status: 'completed',
        }
      : {
          type: 'message',
          id: `msg_${n}`,
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'text' in says ? says.text : '', annotations: [] }],
        }
  const usage = {
    input_tokens: 1,
    output_tokens: 1,
    total_tokens: 2,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  }
  return {
    id: `resp_${n}`,
    object: 'response',
    created_at: 0,
    status: 'completed',
    model: 'scripted',
    output: [output],
    usage,
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(Buffer.from(part))
  return Buffer.concat(parts).toString()
}
