/** Where mail goes out: Resend's API, or a stand-in that speaks it. */
export type MailSettings = { url: string; token: string; from: string }
export type Mail = { to: string; subject: string; text: string; idempotency_key: string }

/** Sends one mail; the same key is the same mail. Throws where it is not taken within five seconds. */
export async function sendMail(settings: MailSettings, mail: Mail): Promise<void> {
  const { idempotency_key, ...content } = mail
  const response = await fetch(`${settings.url}/emails`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${settings.token}`,
      'content-type': 'application/json',
      'idempotency-key': idempotency_key,
    },
    body: JSON.stringify({ from: settings.from, ...content }),
    signal: AbortSignal.timeout(5_000),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the mail provider answered ${response.status}`)
}
