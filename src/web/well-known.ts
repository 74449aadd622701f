import { openApiInfo } from '../platform/openapi.ts'

/** A page of another's may read them: they say nothing that is not for everybody. */
export const forAll = { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' }

/**
 * RFC 9728, for MCP clients that were told 401: which resource it is and how to show who one is. It names no
 * authorization server, for there is none: keys are given out by the restaurant, and calls have tokens of their own.
 */
export function protectedResource(public_origin: string): Record<string, unknown> {
  return {
    resource: new URL('/mcp', public_origin).href,
    resource_name: openApiInfo.info.title,
    bearer_methods_supported: ['header'],
    scopes_supported: ['agents:read', 'agents:write'],
    resource_documentation: new URL('/llms.txt', public_origin).href,
  }
}

/** What a client can know of the MCP server before it connects, in the shape that servers are listed in. */
export function serverCard(public_origin: string): Record<string, unknown> {
  const { hostname } = new URL(public_origin)
  const isName = /[a-z]/i.test(hostname)
  return {
    name: `${isName ? hostname.split('.').toReversed().join('.') : hostname}/tableside`,
    title: openApiInfo.info.title,
    description: 'Books, changes and cancels tables of one restaurant, and answers for its hours, menu and allergens.',
    version: openApiInfo.info.version,
    websiteUrl: new URL('/docs', public_origin).href,
    remotes: [
      {
        type: 'streamable-http',
        url: new URL('/mcp', public_origin).href,
        supportedProtocolVersions: ['2025-06-18', '2025-11-25', '2026-07-28'],
        headers: [
          {
            name: 'Authorization',
            description: 'Bearer and a key of the restaurant with agents:read, and agents:write for what writes',
            isRequired: true,
            isSecret: true,
          },
          {
            name: 'X-Tableside-Call',
            description: 'The id of the call that is being spoken in, where there is one',
            isRequired: false,
            isSecret: false,
          },
        ],
      },
    ],
  }
}
