import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimOfQr, QrKeys, qrUrl, signQr, verifyQr } from '../../src/access/qr.ts'
import { isSealingKey, openSecret, sealSecret } from '../../src/access/seal.ts'
import { urlMistake } from '../../src/restaurants/integrations-rules.ts'
import { id } from './menus.ts'

const keys: QrKeys = { current: 'k1', keys: { k1: 'a secret of sixteen', k0: 'the one before this' } }
const now = Date.parse('2026-12-01T12:00:00Z')
const claim = { restaurant_id: id(1), table_id: id(2) }

describe('R49 a sticker', () => {
  test('says its table, and is the same each time it is printed', async () => {
    const token = await signQr(keys, claim)
    expect(await verifyQr(keys, token, now)).toEqual({ ok: true, claim: { ...claim, expires_at: null } })
    expect(await signQr(keys, { ...claim, expires_at: null })).toBe(token)
    expect(token).toMatch(/^k1\.[\w-]{43}\.[\w-]{43}$/)
    expect(await signQr(keys, { ...claim, table_id: id(3) })).not.toBe(token)
    expect(qrUrl('https://tableside.example/', token)).toBe(`https://tableside.example/t/${token}`)
  })

  test('expires where it was told to, and not a moment sooner', async () => {
    const token = await signQr(keys, { ...claim, expires_at: now })
    expect(await verifyQr(keys, token, now - 1)).toEqual({ ok: true, claim: { ...claim, expires_at: now } })
    expect(await verifyQr(keys, token, now)).toEqual({ ok: false, why: 'expired' })
    await expect(claimOfQr(keys, token, now)).rejects.toMatchObject({ code: 'expired_qr' })
  })

  test('outlives a new key as long as its own is listed', async () => {
    const printed = await signQr(keys, claim)
    const rotated = { current: 'k2', keys: { ...keys.keys, k2: 'another of sixteen' } }
    expect((await verifyQr(rotated, printed, now)).ok).toBe(true)
    const fresh = await signQr(rotated, claim)
    expect(fresh.startsWith('k2.')).toBe(true)
    expect((await verifyQr(rotated, fresh, now)).ok).toBe(true)
    expect(await verifyQr(keys, fresh, now)).toEqual({ ok: false, why: 'unknown_key' })
    await expect(claimOfQr(keys, fresh, now)).rejects.toMatchObject({ code: 'invalid_qr' })
  })

  test('of another key under the same name, of another table, with another expiry: none of ours', async () => {
    const token = await signQr(keys, claim)
    const forged = await signQr({ current: 'k1', keys: { k1: 'a guess of sixteen' } }, claim)
    expect(await verifyQr(keys, forged, now)).toEqual({ ok: false, why: 'bad_signature' })
    const [kid, , mac] = token.split('.')
    const [, body] = (await signQr(keys, { ...claim, table_id: id(3) })).split('.')
    const [, longer] = (await signQr(keys, { ...claim, expires_at: now })).split('.')
    for (const one of [`${kid}.${body}.${mac}`, `${kid}.${longer}.${mac}`, token.replace('k1.', 'k0.')])
      expect(await verifyQr(keys, one, now)).toEqual({ ok: false, why: 'bad_signature' })
  })

  test.each(['', 'k1', 'k1..', 'a.b.c', `k1.${'A'.repeat(43)}`, `__proto__.${'A'.repeat(43)}.${'A'.repeat(43)}`])(
    '%j is none',
    async (text) => {
      expect((await verifyQr(keys, text, now)).ok).toBe(false)
      await expect(claimOfQr(keys, text, now)).rejects.toMatchObject({ code: 'invalid_qr' })
    },
  )

  test('with any one character changed, left out or added it is none of ours', async () => {
    const token = await signQr(keys, { ...claim, expires_at: now + 1 })
    const letters = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 })
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), letters, fc.nat(2), async (at, letter, how) => {
        const tail = token.slice(at + (how === 2 ? 0 : 1))
        const changed = token.slice(0, at) + (how === 1 ? '' : letter) + tail
        fc.pre(changed !== token)
        expect((await verifyQr(keys, changed, now)).ok).toBe(false)
      }),
      { numRuns: 400 },
    )
  })

  test('has one spelling: the bits that its last letter does not need are nought', async () => {
    const token = await signQr(keys, claim)
    const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
    for (const letter of letters) {
      const spelt = `${token.slice(0, -1)}${letter}`
      expect((await verifyQr(keys, spelt, now)).ok, letter).toBe(spelt === token)
    }
  })

  test('keys without a current one, or short enough to guess, are refused at the first request', () => {
    expect(QrKeys.safeParse(keys).success).toBe(true)
    for (const wrong of [
      { current: 'k9', keys: keys.keys },
      { current: 'toString', keys: keys.keys },
      { current: 'k1', keys: { k1: 'short' } },
      { current: 'k.1', keys: { 'k.1': 'a secret of sixteen' } },
    ])
      expect(QrKeys.safeParse(wrong).success).toBe(false)
  })
})

describe('a sealed secret', () => {
  const key = btoa('0123456789abcdef0123456789abcdef')

  test('opens with its key for what it is bound to, and never looks the same twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (secret) => {
        const sealed = await sealSecret(key, 'house:pos:http', secret)
        expect(await openSecret(key, 'house:pos:http', sealed)).toBe(secret)
        expect(await sealSecret(key, 'house:pos:http', secret)).not.toBe(sealed)
        if (secret.length > 3) expect(sealed).not.toContain(secret)
      }),
      { numRuns: 50 },
    )
  })

  test('does not open for another house, another kind, with another key, or changed', async () => {
    const sealed = await sealSecret(key, 'house:pos:http', 'whsec_1234')
    const [, iv = '', ciphertext = ''] = sealed.split('.')
    const other = `${ciphertext.startsWith('A') ? 'B' : 'A'}${ciphertext.slice(1)}`
    expect(await openSecret(key, 'other:pos:http', sealed)).toBeNull()
    expect(await openSecret(key, 'house:pos:square', sealed)).toBeNull()
    expect(await openSecret(btoa('f'.repeat(32)), 'house:pos:http', sealed)).toBeNull()
    for (const changed of [
      '',
      'v1',
      `v2.${iv}.${ciphertext}`,
      `v1.${iv}.${other}`,
      `v1.${other}.${ciphertext}`,
      'v1.!.!',
    ])
      expect(await openSecret(key, 'house:pos:http', changed)).toBeNull()
  })

  test('a key is 32 bytes', () => {
    expect(isSealingKey(key)).toBe(true)
    for (const wrong of ['', 'x', btoa('f'.repeat(31)), '****']) expect(isSealingKey(wrong)).toBe(false)
  })
})

describe('R48 where the till may be', () => {
  test.each([
    'http://pos.example.com/orders',
    'ftp://pos.example.com',
    'javascript:alert(1)',
    'pos.example.com',
    '',
    'https://user:pass@pos.example.com',
    'https://user@pos.example.com',
    'https://pos.example.com/#part',
    'https://pos.example.com/#',
    'https://localhost/x',
    'https://localhost./x',
    'https://LOCALHOST:8443',
    'https://till',
    'https://till.local',
    'https://metadata.google.internal/computeMetadata',
    'https://router.home.arpa',
    'https://10.0.0.8/orders',
    'https://127.0.0.1',
    'https://169.254.169.254/latest/meta-data',
    'https://192.168.1.10',
    'https://172.20.0.1',
    'https://0.0.0.0',
    'https://2130706433',
    'https://0x7f.1',
    'https://0177.0.0.1',
    'https://127.0.0.1.',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00::1]/',
    'https://１２７.0.0.1/',
  ])('%s is refused', (url) => {
    const numbers = /^https:\/\/(\[|[\d.]+(\/|$))/.test(url)
    expect(urlMistake(url, 'http', false)).toMatch(numbers ? /in numbers$/ : /^must /)
  })

  test.each(['https://pos.example.com/orders?store=1', 'https://pos.example.com:8443/x', 'https://POS.Example.com'])(
    '%s may be called',
    (url) => {
      expect(urlMistake(url, 'http', false)).toBeNull()
      expect(urlMistake(url, 'square', false)).toMatch(/squareup/)
    },
  )

  test('Square is at Square; on one’s own machine the stand-in may be anywhere, but carries no credentials', () => {
    expect(urlMistake('https://connect.squareup.com', 'square', false)).toBeNull()
    expect(urlMistake('https://connect.squareupsandbox.com', 'square', false)).toBeNull()
    expect(urlMistake('https://connect.squareup.com.evil.example', 'square', false)).not.toBeNull()
    expect(urlMistake('http://127.0.0.1:8788/pos', 'square', true)).toBeNull()
    expect(urlMistake('http://u:p@127.0.0.1:8788/pos', 'http', true)).toBe('must not carry credentials')
    expect(urlMistake('file:///etc/passwd', 'http', true)).not.toBeNull()
  })
})
