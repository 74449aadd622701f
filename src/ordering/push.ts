import type { Pos } from '../restaurants/integrations-schema.ts'
import { httpPos } from './pos-http.ts'
import { squarePos } from './pos-square.ts'
import type { Order } from './order-schema.ts'
import type { PosRequest } from './pos.ts'

const patienceMs = 3_000

/** What came of one attempt. `unknown`: the till may have the order, nobody knows. */
export type Pushed = {
  outcome: 'accepted' | 'found' | 'refused' | 'unknown'
  status: number | null
  ms: number
  error: string | null
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
    const answer = await ask(question, requestId)
    if (isAccepted(answer.status)) return { ...answer, outcome: 'found', ms: Date.now() - began }
  }
  const answer = await ask(await pushTo(order, pos, began), requestId)
  return { ...answer, outcome: outcomeOf(answer.status), ms: Date.now() - began }
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

function isAccepted(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300
}

/** One request, three seconds. Only the status counts: a till that drips its answer has given it. */
async function ask(request: PosRequest, requestId: string): Promise<Pick<Pushed, 'status' | 'error'>> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, 'x-request-id': requestId },
      body: request.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    })
    // A body that nobody reads keeps the connection; one that was cut off fails here, and does not matter.
    await response.body?.cancel().catch(() => undefined)
    return { status: response.status, error: isAccepted(response.status) ? null : `HTTP ${response.status}` }
  } catch (error) {
    return {
      status: null,
      error: error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : 'no answer',
    }
  }
}
