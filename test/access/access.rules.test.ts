import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashPassword, isPassword, nobodysHash } from '../../src/access/password-hash.ts'
import { demoPassword, passwordMistake } from '../../src/access/password-rules.ts'
import { readRefresh, writeRefresh } from '../../src/access/refresh-token.ts'
import { allows, bearerToken, mayGrant, rolesWithin, roleScopes, scopesOf } from '../../src/access/rules.ts'
import { allTenantScopes, roles, Scope, scopes } from '../../src/access/schema.ts'
import { NewPassword } from '../../src/access/staff-schema.ts'
import { rolesMay } from './permissions.ts'

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

describe('R85 what a role may do', () => {
  test('is what the table written out in the tests says', () => {
    for (const role of roles) {
      const single = scopes.filter((scope) => !scope.endsWith(':*'))
      const may = single.filter((scope) => allows(roleScopes[role], scope))
      expect([role, may]).toEqual([role, single.filter((scope) => rolesMay[role].includes(scope))])
    }
  })

  test('an owner may everything there is, as a first key may; nobody may what a platform operator may', () => {
    for (const scope of scopes) expect([scope, mayGrant(allTenantScopes, [scope])]).toEqual([scope, true])
    for (const role of roles) expect(allows(roleScopes[role], 'platform')).toBe(false)
    expect(scopesOf({ kind: 'staff', id: '', name: '', role: 'owner' })).toEqual(allTenantScopes)
    expect(scopesOf({ kind: 'guest' })).toEqual([])
  })

  test('R86 gives only roles that may no more', () => {
    expect(rolesWithin(roleScopes.owner)).toEqual(['owner', 'manager', 'host', 'server', 'kitchen'])
    expect(rolesWithin(roleScopes.manager)).toEqual(['manager', 'host', 'server', 'kitchen'])
    expect(rolesWithin(['staff:write'])).toEqual([])
    expect(rolesWithin(['platform'])).toEqual([...roles])
    fc.assert(
      fc.property(someScopes, fc.constantFrom(...Scope.options), (held, needed) => {
        for (const role of rolesWithin(held))
          if (allows(roleScopes[role], needed)) expect(allows(held, needed)).toBe(true)
      }),
    )
  })
})

describe('R90 a password', () => {
  const of = { email: 'ana.silva@house.test', name: 'Ana Silva' }
  test.each([
    ['correct horse battery', true],
    ['Pässwörter sind läng', true],
    ['password123', false],
    ['PASSWORD 123', false],
    ['1234567890', false],
    ['aaaaaaaaaaaa', false],
    ['abababababab', false],
    ['ana.silva@house.test', false],
    ['Ana.Silva@House.test', false],
    ['Ana Silva    ', false],
    [demoPassword, false],
  ])('%j: %s', (password, good) => {
    expect(passwordMistake(password, of) === null).toBe(good)
  })

  test('has ten characters or more, whichever way they are encoded', () => {
    expect(NewPassword.safeParse('123456789').success).toBe(false)
    // Nine letters, five of them of two code points.
    expect(NewPassword.safeParse('a\u0308o\u0308u\u0308e\u0308i\u0308abcd').success).toBe(false)
    expect(NewPassword.safeParse('x'.repeat(201)).success).toBe(false)
  })

  test('is kept under a salt of its own, keyed with the deployment’s secret, and however it was typed', async () => {
    const kept = await hashPassword('secret one', 'B\u00fccher und Wein')
    expect(kept).toMatch(/^v1\$100000\$[\w-]{22}\$[\w-]{43}$/)
    expect(await hashPassword('secret one', 'B\u00fccher und Wein')).not.toBe(kept)
    expect(await isPassword('secret one', 'Bu\u0308cher und Wein', kept)).toEqual({ right: true, stale: false })
    expect(await isPassword('secret one', 'bücher und Wein', kept)).toEqual({ right: false, stale: false })
    expect((await isPassword('secret two', 'B\u00fccher und Wein', kept)).right).toBe(false)
    expect((await isPassword('secret one', '', nobodysHash)).right).toBe(false)
    const weaker = kept.replace('$100000$', '$1000$')
    expect((await isPassword('secret one', 'x', weaker)).stale).toBe(true)
  })
})

test('R88 a refresh token is ours or nothing', async () => {
  const [restaurant_id, session_id] = [crypto.randomUUID(), crypto.randomUUID()]
  const claims = { restaurant_id, session_id, generation: 3, root: 'r'.repeat(43) }
  const token = await writeRefresh('secret', claims)
  expect(await readRefresh('secret', token)).toEqual(claims)
  expect(await readRefresh('another', token)).toBeNull()
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom('A', '0', '.', '-'), async (at, char) => {
      const forged = token.slice(0, at) + char + token.slice(at + 1)
      if (forged !== token) expect(await readRefresh('secret', forged)).toBeNull()
    }),
  )
})
