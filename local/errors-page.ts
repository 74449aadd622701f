/** Writes docs/errors.md from the one list of problems:  npm run docs:errors */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { problems } from '../src/platform/problem.ts'

export function errorsPage(): string {
  const rows = Object.entries(problems).map(
    ([code, [status, title, hint]]) => `| \`${code}\` | ${status} | ${title} | ${hint} |`,
  )
  return `# Every error

An answer that is no success is \`application/problem+json\` (RFC 9457): \`success: false\`, \`type\`, \`title\`, \`status\`, \`code\`,
\`detail\` (one human sentence about this case), \`hint\` (one sentence a voice agent could speak), \`errors: [{path, message}]\`
where fields are wrong, \`request_id\`, and members of its own: \`current\` (the resource as it is, with a stale version or an
illegal step), \`alternatives\` (the nearest open times, with a refused booking), \`claim\` (what is in the way). Branch on
\`code\`; titles and hints may be worded better one day. This page is made from \`src/platform/problem.ts\`.

| code | status | what it means | hint to speak |
|---|---|---|---|
${rows.join('\n')}
`
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), errorsPage())
