import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cartRefusals, ClientMessage, NoticeCode, ServerMessage } from '../../src/ordering/schema.ts'
import { socketCodes } from '../../src/ordering/socket-schema.ts'
import { problems } from '../../src/platform/problem.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/sockets.md'), 'utf8')
const examples = [...page.matchAll(/```json (in|out)\n([\s\S]*?)```/g)].map(([, way, text = '']) => ({ way, text }))

test('every example of the page is a message as the schemas have it, to the last key', () => {
  expect(examples.length).toBeGreaterThan(15)
  for (const { way, text } of examples) {
    const value: unknown = JSON.parse(text)
    const shape = way === 'in' ? ClientMessage : ServerMessage
    expect(shape.parse(value), text).toEqual(value)
  }
})

test('every kind of message, refusal, notice and close code is on the page', () => {
  const shown = new Set(examples.map(({ way, text }) => `${way} ${Object(JSON.parse(text)).type}`))
  const kinds = [
    ...ClientMessage.options.map((one) => `in ${one.shape.type.value}`),
    ...ServerMessage.options.map((one) => `out ${one.shape.type.value}`),
  ]
  expect([...shown].toSorted((a, b) => a.localeCompare(b))).toEqual(kinds.toSorted((a, b) => a.localeCompare(b)))
  for (const code of cartRefusals) expect(page).toContain(`\`${code}\``)
  for (const code of Object.values(socketCodes)) expect(page).toContain(`| ${code} |`)
  expect(NoticeCode.options).toContain('menu_changed')
})

test('every refusal of a cart is a problem of the same name over HTTP', () => {
  for (const code of cartRefusals) expect(Object.keys(problems)).toContain(code)
})
