import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signWebhook as sign, verifyWebhook as verifies } from '../../local/standard-webhooks.ts'
import { signWebhook, verifyWebhook } from '../../src/platform/standard-webhooks.ts'

// Against the stand-ins' own, which share no code with ours.
const now = Date.parse('2026-12-01T20:00:00Z')
const secrets = fc.constantFrom('whsec_dGFibGVzaWRlLXRpbGw=', 'a plain secret', 'ключ')
const seconds = Math.floor(now / 1000)

describe('Standard Webhooks', () => {
  test('what we sign others verify, and what others sign we verify, whatever the body', async () => {
    await fc.assert(
      fc.asyncProperty(secrets, fc.string({ unit: 'binary' }), fc.uuid(), async (secret, body, id) => {
        const ours = await signWebhook(secret, id, now, body)
        expect(verifies(secret, { ...ours }, Buffer.from(body), now)).toBe('verified')
        const theirs = new Headers({ ...sign(secret, id, seconds, body) })
        expect(await verifyWebhook(secret, theirs, body, now)).toBe(true)
        expect(await verifyWebhook(secret, theirs, `${body} `, now)).toBe(false)
        expect(await verifyWebhook(`${secret}x`, theirs, body, now)).toBe(false)
      }),
      { numRuns: 50 },
    )
  })

  test('five minutes either way, several signatures, no other version, nothing missing', async () => {
    const secret = 'whsec_dGFibGVzaWRlLXRpbGw='
    const signed = sign(secret, 'msg_1', seconds, '{}')
    const judge = (change: Record<string, string>, at = now): Promise<boolean> =>
      verifyWebhook(secret, new Headers({ ...signed, ...change }), '{}', at)
    expect(await judge({})).toBe(true)
    expect(await judge({}, now + 300_000)).toBe(true)
    expect(await judge({}, now + 301_000)).toBe(false)
    expect(await judge({}, now - 301_000)).toBe(false)
    const good = signed['webhook-signature']
    const bad = sign('other', 'msg_1', seconds, '{}')['webhook-signature']
    expect(await judge({ 'webhook-signature': `${bad} ${good}` })).toBe(true)
    for (const signature of [bad, good.replace('v1,', 'v2,'), good.slice(3), 'v1,', 'v1,%%%', ''])
      expect(await judge({ 'webhook-signature': signature }), signature).toBe(false)
    for (const timestamp of ['', 'soon', '-1', `${seconds}.0`, `0x${seconds.toString(16)}`, '9'.repeat(20)])
      expect(await judge({ 'webhook-timestamp': timestamp }), timestamp).toBe(false)
    expect(await judge({ 'webhook-id': 'msg_2' })).toBe(false)
    expect(await judge({ 'webhook-id': '' })).toBe(false)
  })
})
