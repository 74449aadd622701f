import { expect, inject, test } from 'vitest'
import { endpoints } from '../../functions/http.ts'

const where = inject('stack')

test('every endpoint is in /openapi.json, and the page to read shows each, without script', async () => {
  const document: { openapi: string; paths: Record<string, Record<string, unknown>> } = JSON.parse(
    await (await fetch(`${where.origin}/openapi.json`)).text(),
  )
  expect(document.openapi).toBe('3.1.0')
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((one) => `${one} ${path}`),
  )
  expect(described.length).toBe(endpoints.length)
  const answer = await fetch(`${where.origin}/docs`)
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  const page = await answer.text()
  for (const path of Object.keys(document.paths)) expect(page).toContain(`<code>${path}</code>`)
  expect(page).not.toContain('<script')
  expect(page.match(/<details>/g)).toHaveLength(endpoints.length)
})
