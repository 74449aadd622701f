import type { Endpoint } from '../platform/endpoint.ts'
import { openApiInfo } from '../platform/openapi.ts'

type Offer = { name: string; title: string; description: string; reads: boolean }

/**
 * The product in one page of plain text, as llmstxt.org has it: for somebody who is about to write a client, most likely
 * a model. `operations` are those of the agents; links are whole, for the page travels without its address.
 */
export function llmsText(public_origin: string, endpoints: readonly Endpoint[], operations: readonly Offer[]): string {
  const link = (path: string): string => new URL(path, public_origin).href
  const tags = [...new Set(endpoints.map((one) => one.tag))]
  const routes = (tag: string): string[] =>
    endpoints
      .filter((one) => one.tag === tag)
      .map(
        (one) => `- \`${one.method.toUpperCase()} ${one.root ? '' : '/api'}${one.path}\`: ${one.summary}${keyFor(one)}`,
      )
  return [
    `# ${openApiInfo.info.title}`,
    '',
    '> A restaurant’s front of house: reservations that cannot collide, a live floor, ordering at the table, and a telephone answered by agents. One deployment serves many restaurants; the key names which.',
    '',
    '- Keys: `Authorization: Bearer tsk_…`, given out by the restaurant, each with scopes. What is another restaurant’s is 404.',
    '- Answers are `{"success": true, "data": …, "meta"?: …}`; errors are RFC 9457 problems with a `code` of a closed list and a `hint` that may be spoken.',
    '- Dates and times are the restaurant’s own wall time (`2026-12-01`, `19:00`); instants are ISO 8601 with offset and end in `_at`. Money is in minor units and ends in `_minor`. Phones are E.164; a national number is read in the restaurant’s country.',
    '- Every POST that creates takes `Idempotency-Key`: the same key and body get the first answer again. Send one, and after 503 or a lost answer repeat the same request with it.',
    '- What is changed has a `version`; send it, or `If-Match`. 409 `stale_version` brings it as it is now.',
    '- Lists page by `limit` and `cursor`. 429 and 503 say `Retry-After`.',
    '',
    '## Documentation',
    '',
    `- [Reference to read](${link('/docs')}): every endpoint with its shapes`,
    `- [OpenAPI 3.1](${link('/openapi.json')}): the same for a machine`,
    `- [MCP server](${link('/mcp')}): Streamable HTTP, without sessions; a key with \`agents:read\`, and \`agents:write\` for what writes, or the token of a call`,
    `- [MCP server card](${link('/.well-known/mcp/server-card.json')})`,
    '',
    '## What agents can do',
    '',
    `Tools of MCP, and \`POST /api/agents/operations/{name}\`. Writes take two steps: without \`commit_token\` it is read back, with it it is done.`,
    '',
    ...operations.map((one) => `- \`${one.name}\`${one.reads ? '' : ' (writes)'}: ${one.description}`),
    '',
    ...tags.flatMap((tag) => [`## ${tag}`, '', ...routes(tag), '']),
  ].join('\n')
}

function keyFor({ access, scope }: Endpoint): string {
  if (access === 'public' || access === 'member' || scope === 'any') return ''
  return ` (\`${scope}\`)`
}
