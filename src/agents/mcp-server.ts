import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { log } from '../platform/log.ts'
import { openApiInfo } from '../platform/openapi.ts'
import { contextOf } from '../restaurants/context-rules.ts'
import { houseFacts, usage } from './mcp-prompt-rules.ts'
import { offerPrompts } from './mcp-prompts.ts'
import { offerResources } from './mcp-resources.ts'
import { offerTools } from './mcp-tools.ts'
import type { CallCtx } from './operation.ts'

const mostBytes = 256 * 1024
/** Lists change with a deploy and with a key's scopes only. */
const listed = { ttlMs: 300_000, cacheScope: 'private' } as const

/** One request of MCP, of the present revision or of those of 2025, by a server of its own that speaks for one house. */
export function serveMcp(ctx: CallCtx, request: Request, changed: () => void): Promise<Response> {
  const handler = createMcpHandler(() => serverFor(ctx, request.headers, changed), {
    maxRequestBodySize: mostBytes,
    // Nothing is announced, so there is nothing to wait for on an open stream.
    maxSubscriptions: 0,
    onerror: ({ message }) => log('info', 'mcp_refused', { request_id: ctx.request_id, reason: message.slice(0, 300) }),
  })
  return handler.fetch(request)
}

function serverFor(ctx: CallCtx, headers: Headers, changed: () => void): McpServer {
  const { restaurant, now } = ctx
  const server = new McpServer(
    { name: 'tableside', title: restaurant.name, version: openApiInfo.info.version },
    {
      capabilities: { resources: { listChanged: false }, prompts: { listChanged: false } },
      instructions: [...houseFacts(contextOf(restaurant, now)), ...usage].join('\n'),
      cacheHints: {
        'tools/list': listed,
        'prompts/list': listed,
        'resources/list': listed,
        'resources/templates/list': listed,
      },
    },
  )
  offerTools(server, ctx, headers, changed)
  offerResources(server, ctx)
  offerPrompts(server, ctx)
  return server
}
