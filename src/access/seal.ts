/** 32 bytes in base64, as SEALING_KEY is. */
export function isSealingKey(text: string): boolean {
  try {
    return atob(text).length === 32
  } catch {
    return false
  }
}

/**
 * A secret for the database: AES-256-GCM with a random IV, `v1.{iv}.{ciphertext}` in base64. `bound_to` says whose it
 * is and what for: a sealed text that is moved to another row opens nowhere.
 */
export async function sealSecret(key: string, bound_to: string, secret: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const sealed = await crypto.subtle.encrypt(gcm(iv, bound_to), await keyOf(key), new TextEncoder().encode(secret))
  return `v1.${toBase64(iv)}.${toBase64(new Uint8Array(sealed))}`
}

/** Null where it was sealed with another key, for something else, or was tampered with. */
export async function openSecret(key: string, bound_to: string, sealed: string): Promise<string | null> {
  const [version, iv, ciphertext] = sealed.split('.')
  if (version !== 'v1' || iv === undefined || ciphertext === undefined) return null
  try {
    const opened = await crypto.subtle.decrypt(gcm(fromBase64(iv), bound_to), await keyOf(key), fromBase64(ciphertext))
    return new TextDecoder().decode(opened)
  } catch {
    return null
  }
}

function gcm(iv: Uint8Array<ArrayBuffer>, bound_to: string): SubtleCryptoEncryptAlgorithm {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(bound_to) }
}

const imported = new Map<string, Promise<CryptoKey>>()

function keyOf(key: string): Promise<CryptoKey> {
  const known = imported.get(key)
  if (known) return known
  const made = crypto.subtle.importKey('raw', fromBase64(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
  imported.set(key, made)
  return made
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}
