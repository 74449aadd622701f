import type { Ctx } from '../../platform/ctx.ts'
import { logFailure } from '../../platform/serve.ts'

/** What a socket is to somebody: what is heard comes one after the other, and `over` once, after the last of it. */
export type Listener = { hear: (text: string) => Promise<void>; over: (reason: string) => Promise<void> }

/** More than anybody says: so many at once, and so many a second. */
const burst = 40
const perSecond = 20
const longestFrame = 64 * 1024
export const socketCodes = { too_large: 1009, bad_token: 4401, closed: 4403, flooding: 4429 } as const

/**
 * R248. A socket that is a call, held by the Worker for as long as it lasts. What comes in is done in its order; when
 * the line is cut, what has not begun is not done any more.
 */
export function listenTo(ctx: Ctx, socket: WebSocket, listener: Listener): void {
  let turns: Promise<void> = Promise.resolve()
  let over = false
  let left = burst
  let heardAt = Date.now()
  const then = (work: () => Promise<void>): void => {
    turns = turns.then(work).catch((error: unknown) => logFailure('voice_socket_failed', ctx.request_id, error))
    ctx.after(turns)
  }
  const end = (reason: string): void => {
    if (over) return
    over = true
    then(() => listener.over(reason))
  }
  socket.accept()
  socket.addEventListener('message', ({ data }) => {
    if (over) return
    const now = Date.now()
    left = Math.min(burst, left + ((now - heardAt) / 1000) * perSecond) - 1
    heardAt = now
    const text = typeof data === 'string' && data.length <= longestFrame ? data : null
    if (text === null || left < 0) {
      hangUp(socket, text === null ? socketCodes.too_large : socketCodes.flooding)
      return end('refused')
    }
    then(async () => {
      if (!over) await listener.hear(text)
    })
  })
  socket.addEventListener('close', () => {
    hangUp(socket, 1000)
    end('hang_up')
  })
  socket.addEventListener('error', () => end('lost'))
}

/** Saying to one that is gone, or ending what has ended, is nothing. */
export function sayTo(socket: WebSocket, message: unknown): void {
  try {
    socket.send(JSON.stringify(message))
  } catch {
    // It closed meanwhile, and is heard of as such.
  }
}
export function hangUp(socket: WebSocket, code: number, reason = ''): void {
  try {
    socket.close(code, reason)
  } catch {
    return
  }
}

/** A request has one instant, a socket many: the clock of its handshake goes on. */
export function clockFrom(ctx: Ctx): () => { now: number; request_id: string } {
  const ahead = ctx.now - Date.now()
  let count = 0
  return () => {
    count += 1
    return { now: Date.now() + ahead, request_id: `${ctx.request_id.slice(0, 110)}.${count}` }
  }
}
