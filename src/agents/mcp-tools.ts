import {
  type CallToolResult,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type Tool,
} from '@modelcontextprotocol/server'
import * as z from 'zod'
import { allows, scopesOf } from '../access/rules.ts'
import type { Once } from '../platform/ctx.ts'
import { canonicalJson, sha256Hex } from '../platform/ids.ts'
import { Problem } from '../platform/problem.ts'
import { answered } from './mcp-failure.ts'
import { operate } from './operate.ts'
import type { CallCtx, Operation } from './operation.ts'
import { inputSchema, operationNamed, operations, outputSchema } from './registry.ts'

/**
 * R256. The operations as tools. Their input is parsed by the operation itself, as at every door, so that the same
 * mistake has the same answer: the server's own check of it is not used.
 */
export function offerTools({ server }: McpServer, ctx: CallCtx, headers: Headers, changed: () => void): void {
  server.registerCapabilities({ tools: { listChanged: false } })
  server.setRequestHandler('tools/list', () => ({ tools: operations.filter((one) => mayAsk(ctx, one)).map(toolOf) }))
  server.setRequestHandler('tools/call', ({ params }) =>
    answered(ctx.request_id, () => callTool(ctx, headers, params.name, params.arguments ?? {}, changed)),
  )
}

const mayAsk = ({ actor }: CallCtx, { scope }: Operation): boolean =>
  actor.kind === 'call' || allows(scopesOf(actor), scope)

async function callTool(
  ctx: CallCtx,
  headers: Headers,
  name: string,
  input: Record<string, unknown>,
  changed: () => void,
): Promise<CallToolResult> {
  const once = await onceOf(headers, name, input)
  const operation = operationNamed(name)
  try {
    const answer = await operate(ctx, name, input, once)
    if (answer.ok) return resultOf(answer.say, answer.output)
    const { more, ...problem } = answer.problem
    // A tool that is not there is a mistake of the client's and not of who speaks: the protocol has an error for it.
    if (!operation) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `There is no tool ${name}.`, problem)
    return { ...resultOf(answer.say, { problem: { ...problem, ...more } }), isError: true }
  } finally {
    // What was refused may have been written too.
    if (operation?.reads === false) changed()
  }
}

/** First what may be said; then the same for a machine, in words too for clients that know no structure. */
function resultOf(say: string, structuredContent: Record<string, unknown>): CallToolResult {
  const spoken = say === '' ? [] : [{ type: 'text', text: say } as const]
  return { content: [...spoken, { type: 'text', text: JSON.stringify(structuredContent) }], structuredContent }
}

/** The client's own key as in every POST, so that a lost answer can be asked for again. */
async function onceOf(headers: Headers, name: string, input: unknown): Promise<Once> {
  const key = headers.get('idempotency-key')
  if (key === null) return { key: `auto:${crypto.randomUUID()}`, fingerprint: '' }
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new Problem('invalid_idempotency_key')
  return { key, fingerprint: await sha256Hex(canonicalJson(['mcp', name, input])) }
}

const ObjectSchema = z.looseObject({ type: z.literal('object') })
const Refusal = z.object({
  problem: z.looseObject({
    code: z.string(),
    status: z.int(),
    detail: z.string(),
    hint: z.string().meta({ description: 'May be spoken as it is' }),
  }),
})
const refusalSchema: Record<string, unknown> = z.toJSONSchema(Refusal, { io: 'output' })

const made = new Map<string, Tool>()

function toolOf(one: Operation): Tool {
  const known = made.get(one.name)
  if (known) return known
  const { $schema, $defs, ...output } = outputSchema(one)
  const { $schema: _same, ...refusal } = refusalSchema
  const { name, title, description, reads, destructive, idempotent } = one
  const tool: Tool = {
    name,
    title,
    description,
    inputSchema: ObjectSchema.parse(inputSchema(one)),
    // A refusal is structured too, and whatever is structured must be what the schema says.
    outputSchema: ObjectSchema.parse({
      $schema,
      ...($defs ? { $defs } : {}),
      type: 'object',
      anyOf: [output, refusal],
    }),
    annotations: {
      title,
      readOnlyHint: reads,
      destructiveHint: destructive,
      idempotentHint: idempotent,
      // Nothing but this house's own book is touched.
      openWorldHint: false,
    },
  }
  made.set(name, tool)
  return tool
}
