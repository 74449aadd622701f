import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { behindCode, ConsoleMessage, FeedMessage, feedProtocol } from '../../src/floor/feed-schema.ts'
import { socketCodes } from '../../src/ordering/socket-schema.ts'

const whole = readFileSync(join(import.meta.dirname, '../../docs/sockets.md'), 'utf8')
const page = whole.slice(whole.indexOf('# The live feed of a house'))
const examples = [...page.matchAll(/```json (feed|console)\n([\s\S]*?)```/g)]

test('every example of the feed is a message as the schemas have it, to the last key; every kind is there', () => {
  const shown = examples.map(([, way, text = '']) => {
    const value: unknown = JSON.parse(text)
    const parsed = (way === 'feed' ? FeedMessage : ConsoleMessage).parse(value)
    expect(parsed, text).toEqual(value)
    return `${way} ${parsed.type}`
  })
  const kinds = [
    ...FeedMessage.options.map((one) => `feed ${one.shape.type.value}`),
    ...ConsoleMessage.options.map((one) => `console ${one.shape.type.value}`),
  ]
  expect(shown.toSorted((a, b) => a.localeCompare(b))).toEqual(kinds.toSorted((a, b) => a.localeCompare(b)))
})

test('every code that a console is closed with is on the page, and the protocol', () => {
  for (const code of [behindCode, ...Object.values(socketCodes)]) expect(page).toContain(`| ${code} |`)
  expect(page).toContain(feedProtocol)
})
