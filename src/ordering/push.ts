import type { Pos } from '../restaurants/integrations-schema.ts'
import { httpPos } from './pos-http.ts'
import { squarePos } from './pos-square.ts'
import type { Order } from './order-schema.ts'
import type { PosRequest } from './pos.ts'

const patienceMs = 3_000
const longestAnswer = 262_144

/** What came of one attempt. `unknown`: the till may have the order, nobody knows. */
export type Pushed = {
  outcome: 'accepted' | 'found' | 'refused' | 'unknown'
  status: number | null
  ms: number
  error: string | null
  /** What the till calls the order by; null where it did not say. */
  external_id: string | null
}

/**
 * R77. Puts an order to the till. After an attempt of which nobody knows what became (`unknown`), a till that can be
 * asked is asked first; one that has the order is not sent it again. Never throws.
 */
export async function pushOrder(order: Order, pos: Pos, unknown: boolean, requestId: string): Promise<Pushed> {
  // The real hour, for the signature and the span: a caller's `now` may be a test's or a late job's.
  const began = Date.now()
  const question = unknown ? await lookupAt(order, pos, began) : null
  if (question) {
    const { status, error } = await ask(question, requestId)
    if (isAccepted(status)) return { status, error, external_id: null, outcome: 'found', ms: Date.now() - began }
  }
  const idIn = pos.kind === 'square' ? squarePos.idIn : httpPos.idIn
  const { status, error, text } = await ask(await pushTo(order, pos, began), requestId, idIn !== undefined)
  const external_id = isAccepted(status) && text !== null ? (idIn?.(text) ?? null) : null
  return { status, error, external_id, outcome: outcomeOf(status), ms: Date.now() - began }
}

function pushTo(order: Order, pos: Pos, at: number): Promise<PosRequest> {
  return pos.kind === 'square' ? squarePos.push(order, pos, at) : httpPos.push(order, pos, at)
}

function lookupAt(order: Order, pos: Pos, at: number): Promise<PosRequest | null> {
  return pos.kind === 'square' ? squarePos.lookup(order.id, pos, at) : httpPos.lookup(order.id, pos, at)
}

/** R76. Any 2xx accepts. Other answers but 5xx and 408 say no; those, and silence, say nothing. */
function outcomeOf(status: number | null): Pushed['outcome'] {
  if (isAccepted(status)) return 'accepted'
  return status !== null && status !== 408 && status < 500 ? 'refused' : 'unknown'
}

export function isAccepted(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300
}

export type Answered = { status: number | null; error: string | null; text: string | null }

/**
 * One request to a till, three seconds, and no redirect followed: it would lead past R48. The status is its answer,
 * even where the body drips or breaks off; the text is read only where somebody `reads` it. Never throws.
 */
export async function ask(request: PosRequest, requestId: string, reads = false): Promise<Answered> {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, 'x-request-id': requestId },
      body: request.body,
      redirect: 'manual',
      signal,
    })
    const { status } = response
    return { status, error: isAccepted(status) ? null : `HTTP ${status}`, text: await textOf(response, reads) }
  } catch (error) {
    const why = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : 'no answer'
    return { status: null, error: why, text: null }
  }
}

/** A body that nobody reads keeps the connection. Null where it is not to be had, or longer than any answer is. */
async function textOf(response: Response, reads: boolean): Promise<string | null> {
  const declared = Number(response.headers.get('content-length') ?? 0)
  if (reads && isAccepted(response.status) && declared <= longestAnswer) {
    return readAtMost(response).catch(() => null)
  }
  await response.body?.cancel().catch(() => undefined)
  return null
}

async function readAtMost(response: Response): Promise<string | null> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    // Leaving the loop lets the rest go.
    if (text.length > longestAnswer) return null
  }
  return text + decoder.decode()
}
