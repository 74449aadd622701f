import { Problem } from './problem.ts'

const mostBytes = 256 * 1024
/** A voice platform's report of a call repeats its transcript several times over. */
export const mostReportBytes = 2 * 1024 * 1024

/** The JSON of a request: refused when it is too large, another type, not UTF-8 or not JSON, before anything is done. */
export async function readBody(request: Request): Promise<unknown> {
  const bytes = await readBytes(request)
  if (bytes.length === 0) return undefined
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type)) throw new Problem('unsupported_media_type')
  return parseJson(decode(bytes))
}

/** R295. Nothing is sent in vain: 422 where there is a body (but `{}`) and nobody would read it. */
export async function refuseBody(request: Request): Promise<void> {
  const body = await readBody(request)
  if (body === undefined) return
  const named = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : ['body']
  const errors = named.map((path) => ({ path, message: messageOf(path) }))
  if (errors[0]) throw new Problem('validation_failed', { detail: `${errors[0].path}: ${errors[0].message}`, errors })
}

function messageOf(name: string): string {
  return name === 'version'
    ? 'is not read here: this takes no body, and a version as If-Match'
    : 'is not read here: this takes no body'
}

/** The text of a request as it was sent, for a signature over it; as large as a body may be. */
export async function readText(request: Request, most = mostBytes): Promise<string> {
  return decode(await readBytes(request, most))
}

async function readBytes(request: Request, most = mostBytes): Promise<Uint8Array> {
  const declared = request.headers.get('content-length')
  if (Number(declared ?? '0') > most) throw new Problem('body_too_large')
  // No more comes than was declared: read at once, which costs a fraction of reading piece by piece.
  if (declared !== null) return whole(await request.arrayBuffer(), most)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body ?? []) {
    length += chunk.length
    if (length > most) throw new Problem('body_too_large')
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function whole(sent: ArrayBuffer, most: number): Uint8Array {
  if (sent.byteLength > most) throw new Problem('body_too_large')
  return new Uint8Array(sent)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw new Problem('malformed_text')
  }
}

/** 400 `malformed_json` where it is none, or nested deeper than anything that is meant: what reads it would not return. */
export function parseJson(value: string): unknown {
  const parsed = jsonOf(value)
  if (isDeeper(parsed, mostDepth)) {
    throw new Problem('malformed_json', { detail: `The body is nested deeper than ${mostDepth} levels.` })
  }
  return parsed
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw new Problem('malformed_json')
  }
}

const mostDepth = 64

/** Level by level: what is too deep to be called down into is not too deep for a loop. */
function isDeeper(value: unknown, most: number): boolean {
  let level = [value]
  for (let depth = 0; depth <= most; depth++) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
    if (level.length === 0) return false
  }
  return true
}
