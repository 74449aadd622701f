/** What a command answers, as RESP2 would carry it: there are no booleans and no fractions. */
export type Reply = string | number | null | Status | Reply[]

/** A status such as OK: on the wire a plain string, in Lua a table `{ok = …}`. */
export type Status = { readonly status: string }

export const OK: Status = { status: 'OK' }

/** An error the client is meant to see, with Redis's own code as its first word. */
export class RedisError extends Error {
  override name = 'RedisError'
}

export const wrongType = () => new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value')
export const syntaxError = () => new RedisError('ERR syntax error')

/** Reads a whole number as Redis does: digits only, no spaces, no fraction. */
export function toInteger(text: string): number {
  const number = Number(text)
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new RedisError('ERR value is not an integer or out of range')
  }
  return number
}

/** Reads a number that may have a fraction or be infinite (`inf`, `-inf`, `+inf`). */
export function toFloat(text: string): number {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text)
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
  const number = Number(text)
  if (text.trim() === '' || Number.isNaN(number)) throw new RedisError('ERR value is not a valid float')
  return number
}

/** Writes a score as Redis does. */
export function fromFloat(number: number): string {
  if (Number.isFinite(number)) return String(number)
  return number > 0 ? 'inf' : '-inf'
}
