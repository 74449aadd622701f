import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

/** The revisions that clients in the field speak: the handshake of 2025, and the present one without. */
export const revisions = ['2025-06-18', '2026-07-28'] as const
export type Revision = (typeof revisions)[number]

/** The official client, with a key or a call's token, and nobody else's code between it and the Worker. */
export async function connected(
  origin: string,
  bearer: string | null,
  revision: Revision = '2026-07-28',
  headers: Record<string, string> = {},
): Promise<Client> {
  const client = new Client(
    { name: 'a test', version: '1' },
    revision === '2026-07-28'
      ? { versionNegotiation: { mode: { pin: revision } } }
      : { supportedProtocolVersions: [revision] },
  )
  const authorization = bearer === null ? {} : { authorization: `Bearer ${bearer}` }
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', origin), {
      requestInit: { headers: { ...authorization, ...headers } },
    }),
  )
  return client
}

/** How a tool call ended: `ok`, or the code of the refusal. Only what its own schema allows passes the client. */
export type Ended = { end: string; output: Record<string, unknown>; say: string }

export async function useTool(client: Client, name: string, input: Record<string, unknown>): Promise<Ended> {
  const result = await client.callTool({ name, arguments: input })
  const output = Object(result.structuredContent)
  const [first, second] = result.content
  const said = [first, second].map((one) => (one?.type === 'text' ? one.text : ''))
  // What is for clients that know no structure says the same.
  if (JSON.stringify(output) !== said[said.length - 1]) throw new Error(`two answers: ${JSON.stringify(result)}`)
  return { end: result.isError ? output.problem.code : 'ok', output, say: said[0] ?? '' }
}

/** A request by hand, for what no official client sends. */
export async function post(
  origin: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${origin}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}
