import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mailService, smsService } from '../../local/inbox.ts'
import { mount, type Mounted } from './mount.ts'

const now = () => Date.parse('2026-12-01T19:00:00Z')
const mail = mailService({ now })
const sms = smsService({ now })
let mailbox: Mounted
let phone: Mounted

beforeAll(async () => {
  mailbox = await mount('/mail', mail)
  phone = await mount('/sms', sms)
})
beforeEach(() => {
  mail.clear()
  sms.clear()
})
afterAll(async () => {
  await mailbox.close()
  await phone.close()
})

const email = {
  from: 'Chianti <table@chianti.test>',
  to: 'ada@example.com',
  subject: 'See you at 19:00',
  text: 'Table 4',
}

function sendMail(body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${mailbox.url}/emails`, {
    method: 'POST',
    headers: { authorization: 'Bearer re_local', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

function sendSms(form: Record<string, string>, authorization = `Basic ${btoa('AC1:token')}`) {
  return fetch(`${phone.url}/2010-04-01/Accounts/AC1/Messages.json`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(form),
  })
}

describe('mail', () => {
  test('is accepted as Resend accepts it and listed newest first', async () => {
    const sent = await sendMail(email)
    expect(sent.status).toBe(200)
    const { id }: { id: string } = await sent.json()
    await sendMail({ ...email, to: ['Bob <BOB@example.com>'], cc: 'cyd@example.com', html: '<b>hi</b>' })
    const list = await fetch(mailbox.url)
    expect(await list.json()).toMatchObject([
      { to: ['Bob <BOB@example.com>'], html: '<b>hi</b>' },
      { id, to: ['ada@example.com'], subject: 'See you at 19:00', sent_at: '2026-12-01T19:00:00.000Z' },
    ])
    const to = async (who: string) => (await fetch(`${mailbox.url}?to=${who}`)).json()
    expect(await to('bob@example.com')).toHaveLength(1)
    expect(await to('cyd@example.com')).toHaveLength(1)
    expect(await to('nobody@example.com')).toEqual([])
    expect(await (await fetch(`${mailbox.url}/emails/${id}`)).json()).toMatchObject({ subject: 'See you at 19:00' })
  })

  test('with one Idempotency-Key is sent once; with another body it is refused', async () => {
    const key = { 'idempotency-key': 'confirm-7' }
    const first = await (await sendMail(email, key)).json()
    expect(await (await sendMail(email, key)).json()).toEqual(first)
    expect((await sendMail({ ...email, subject: 'Other' }, key)).status).toBe(409)
    expect(mail.sent()).toMatchObject([{ idempotency_key: 'confirm-7' }])
  })

  test('without a key or an address is refused', async () => {
    expect((await sendMail(email, { authorization: '' })).status).toBe(401)
    expect((await sendMail({ ...email, to: 'ada' })).status).toBe(422)
    expect((await sendMail({ ...email, to: [] })).status).toBe(422)
    expect(mail.sent()).toEqual([])
  })

  test('is a page for people, where nothing of the mail runs', async () => {
    const html = '<script>alert(1)</script>'
    await sendMail({ ...email, subject: html, text: 'Sign in: https://x.test/a?b=1&c=2', html })
    const response = await fetch(mailbox.url, { headers: { accept: 'text/html,*/*' } })
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    const page = await response.text()
    expect(page).not.toContain('<script')
    expect(page).toContain('<a href="https://x.test/a?b=1&#38;c=2">')
    expect(page).toContain('<iframe sandbox')
  })

  test('fails so many times as told, with Resend’s shape', async () => {
    await fetch(`${mailbox.url}/fail`, { method: 'POST', body: '{"next":2,"status":429}' })
    const refused = await sendMail(email)
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ statusCode: 429, name: 'rate_limit_exceeded' })
    expect((await sendMail(email)).status).toBe(429)
    expect((await sendMail(email)).status).toBe(200)
    await fetch(mailbox.url, { method: 'DELETE' })
    expect(mail.sent()).toEqual([])
  })
})

describe('text messages', () => {
  const text = { To: '+6598207272', From: '+6560001111', Body: 'Your table is ready' }

  test('are accepted as Twilio accepts them', async () => {
    const sent = await sendSms(text)
    expect(sent.status).toBe(201)
    expect(await sent.json()).toMatchObject({
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      status: 'queued',
      account_sid: 'AC1',
      to: '+6598207272',
      num_segments: '1',
    })
    await sendSms({ ...text, To: '+12125550100' })
    // Unescaped, the + is a space.
    for (const to of ['+6598207272', '%2B6598207272']) {
      const found = await fetch(`${phone.url}?to=${to}`)
      expect(await found.json()).toMatchObject([{ body: 'Your table is ready' }])
    }
    expect(sms.sent().map(({ to: who }) => who)).toEqual(['+12125550100', '+6598207272'])
  })

  test.for([
    [{ ...text, To: '98207272' }, 21211],
    [{ From: text.From, Body: text.Body }, 21604],
    [{ To: text.To, Body: text.Body }, 21603],
    [{ ...text, Body: '' }, 21602],
    [{ ...text, Body: 'x'.repeat(1601) }, 21617],
  ] as const)('%o is refused with %i', async ([form, code]) => {
    const response = await sendSms(form)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code, status: 400 })
    expect(sms.sent()).toEqual([])
  })

  test('count their segments as they are charged', async () => {
    for (const body of ['x'.repeat(160), 'x'.repeat(161), '桌'.repeat(70), '桌'.repeat(71)]) {
      await sendSms({ ...text, Body: body })
    }
    expect(sms.sent().map(({ segments }) => segments)).toEqual([2, 1, 2, 1])
  })

  test('need credentials, fail as told, and are a page for people', async () => {
    expect((await sendSms(text, '')).status).toBe(401)
    await fetch(`${phone.url}/fail`, { method: 'POST', body: '{"next":1,"status":503}' })
    expect((await sendSms(text)).status).toBe(503)
    expect((await sendSms(text)).status).toBe(201)
    const page = await fetch(phone.url, { headers: { accept: 'text/html' } })
    expect(await page.text()).toContain('Your table is ready')
    await fetch(phone.url, { method: 'DELETE' })
    expect(await (await fetch(phone.url)).json()).toEqual([])
  })
})
