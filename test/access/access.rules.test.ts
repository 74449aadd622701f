import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allows, bearerToken, mayGrant } from '../../src/access/rules.ts'
import { Scope, scopes } from '../../src/access/schema.ts'

const someScopes = fc.uniqueArray(fc.constantFrom(...scopes), { maxLength: 6 })

describe('what a key may do', () => {
  test.each([
    [['floor:read'], 'floor:read', true],
    [['floor:*'], 'floor:write', true],
    [['floor:write'], 'floor:read', false],
    [['floor:*'], 'orders:read', false],
    [[], 'any', true],
    [['platform'], 'floor:read', false],
    [['platform'], 'platform', true],
    [['floor:*', 'orders:*', 'agents:*'], 'platform', false],
  ] as const)('%j for %s: %s', (held, needed, allowed) => {
    expect(allows(held, needed)).toBe(allowed)
  })
})

describe('what a key may give away', () => {
  test.each([
    [['floor:*'], ['floor:read', 'floor:write', 'floor:*'], true],
    [['floor:read', 'floor:write'], ['floor:*'], false],
    [['floor:read'], ['floor:write'], false],
    [['platform'], ['guests:read', 'orders:*'], true],
    [['reservations:read'], ['reservations:read', 'guests:read'], false],
  ] as const)('%j to %j: %s', (held, given, may) => {
    expect(mayGrant(held, given)).toBe(may)
  })

  test('nothing that it may not do itself, through however many hands', () => {
    fc.assert(
      fc.property(someScopes, someScopes, someScopes, fc.constantFrom(...Scope.options), (a, b, c, needed) => {
        if (mayGrant(a, b) && allows(b, needed)) expect(allows(a, needed)).toBe(true)
        if (mayGrant(a, b) && mayGrant(b, c)) expect(mayGrant(a, c)).toBe(true)
        expect(mayGrant(a, a)).toBe(true)
      }),
    )
  })
})

test.each([
  ['Bearer tsk_abcdef', 'tsk_abcdef'],
  ['bearer  tsk_abc-DEF_9', 'tsk_abc-DEF_9'],
  ['Bearer sk_abcdef', null],
  ['tsk_abcdef', null],
  ['Bearer tsk_abc def', null],
  [`Bearer tsk_${'a'.repeat(121)}`, null],
  [undefined, null],
])('%j carries the key %j', (header, key) => {
  expect(bearerToken(header)).toBe(key)
})
