import type { Ctx } from '../platform/ctx.ts'
import { Problem, problemResponse } from '../platform/problem.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { type Limit, mcpCaller } from './mcp-caller.ts'

/**
 * R255. The Model Context Protocol over Streamable HTTP, one request at a time and nothing kept between them. Who is not
 * let in gets a problem, and where there is no good key the header that tells a client where to read what is needed.
 * `changed` hears of every write.
 */
export async function openMcp(
  ctx: Ctx,
  request: Request,
  limit: Limit,
  changed: (ctx: Ctx, restaurant: Restaurant) => void,
): Promise<Response> {
  try {
    const caller = await mcpCaller(ctx, request.headers, limit)
    // 90 kB that only these requests need: loaded with the first of them.
    const { serveMcp } = await import('./mcp-server.ts')
    return await serveMcp(caller, request, () => changed(caller, caller.restaurant))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const response = problemResponse(error, ctx.request_id)
    const challenge = challengeFor(error, ctx.secrets.public_origin)
    if (challenge !== null) response.headers.set('www-authenticate', challenge)
    return response
  }
}

/** As RFC 9728 and RFC 6750 have it. */
function challengeFor({ code }: Problem, public_origin: string): string | null {
  const metadata = `resource_metadata="${new URL('/.well-known/oauth-protected-resource/mcp', public_origin).href}"`
  if (code === 'unauthorized') return `Bearer ${metadata}`
  if (code === 'forbidden') return `Bearer error="insufficient_scope", scope="agents:read", ${metadata}`
  return null
}
