// Without I, O, 0 and 1: a code is read aloud and typed again.
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const lettersAndDigits = `${letters}23456789`

/** Six characters that begin with a letter, so that a code is never taken for a phone number. */
export function newConfirmationCode(): string {
  return pick(letters, 1) + pick(lettersAndDigits, 5)
}

function pick(alphabet: string, length: number): string {
  let out = ''
  while (out.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      // Bytes past the last whole multiple are thrown away, so that no character comes more often.
      if (byte < 256 - (256 % alphabet.length) && out.length < length) out += alphabet.charAt(byte % alphabet.length)
    }
  }
  return out
}

/** A secret for an API key: `tsk_` and 32 random bytes. */
export function newApiKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return `tsk_${btoa(String.fromCharCode(...bytes))
    .replaceAll('+', 'A')
    .replaceAll('/', 'B')
    .replaceAll('=', '')}`
}

export async function sha256Hex(value: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The same text for the same value, whatever the order of its keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
