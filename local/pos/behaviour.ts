import type { ServerResponse } from 'node:http'
import * as z from 'zod'
import { pause } from '../control.ts'
import { sendJson } from '../service.ts'

/** What the till does with a push. */
export const Behaviour = z.strictObject({
  /**
   * `ok` answers; `error` answers `status`; `timeout` never answers; `slow` drips its answer, a byte every `ms`;
   * `drop` cuts the line before the till has understood; `drop-after-accept` after it has made the ticket;
   * `cut` makes the ticket, answers half and cuts the line.
   */
  mode: z.enum(['ok', 'error', 'timeout', 'slow', 'drop', 'drop-after-accept', 'cut']),
  status: z.number().int().min(300).max(599).default(500),
  /** Sent as `Retry-After`, in seconds, with an `error`. */
  retry_after: z.number().int().min(0).optional(),
  ms: z.number().int().positive().default(1000),
  /** With `error`, `timeout` or `drop`: the ticket is made all the same. */
  commit: z.boolean().default(false),
})
export type Behaviour = z.output<typeof Behaviour>

export type PushAnswer = { status: number; body: Record<string, unknown> }

/** Gives a push its answer, or what the behaviour makes of it. */
export async function answerAs(
  { mode, ms, status, retry_after }: Behaviour,
  answer: PushAnswer,
  response: ServerResponse,
  closing: AbortSignal,
): Promise<void> {
  const text = JSON.stringify(answer.body)
  switch (mode) {
    case 'ok':
      return sendJson(response, answer.status, answer.body)
    case 'error':
      if (retry_after !== undefined) response.setHeader('retry-after', String(retry_after))
      return sendJson(response, status, { error: 'the till is out of order' })
    case 'timeout':
      return gone(response, closing)
    case 'slow':
      response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': text.length })
      return drip(response, text, ms, closing)
    case 'drop':
    case 'drop-after-accept':
      response.destroy()
      return
    case 'cut':
      response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': text.length })
      response.write(text.slice(0, text.length / 2), () => response.destroy())
      return
  }
}

async function drip(response: ServerResponse, text: string, ms: number, closing: AbortSignal): Promise<void> {
  for (const letter of text) {
    if (response.destroyed || closing.aborted) return
    response.write(letter)
    await pause(ms)
  }
  response.end()
}

/** Resolves when the caller has given up, or the till closes. */
function gone(response: ServerResponse, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve)
    closing.addEventListener('abort', () => response.destroy(), { once: true })
  })
}
