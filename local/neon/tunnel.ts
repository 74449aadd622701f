import { connect } from 'node:net'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { LocalService } from '../service.ts'
import { sendJson } from '../service.ts'
import type { Database } from './pools.ts'

export type TunnelOptions = {
  database: Database
  /** Added to each message, half the round trip each way. */
  oneWayMs: () => number
  /** Called for each message from the client but its goodbye: the driver joins what it sends at once into one. */
  onRoundTrip: () => void
}

const terminate = 'X'.charCodeAt(0)

/** PostgreSQL's wire protocol over a WebSocket, as the driver's Pool and Client speak it. */
export function tunnelService({ database, oneWayMs, onRoundTrip }: TunnelOptions): LocalService {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })

  sockets.on('connection', (client: WebSocket) => {
    const server = connect({ ...database, noDelay: true })
    const up = inOrder<Uint8Array>((bytes) => server.write(bytes))
    const down = inOrder<Uint8Array>((bytes) => client.send(bytes))
    client.on('message', (data) => {
      const bytes = bytesOf(data)
      if (bytes[0] !== terminate) onRoundTrip()
      up(oneWayMs(), bytes)
    })
    server.on('data', (bytes) => down(oneWayMs(), bytes))
    server.on('close', () => client.close())
    server.on('error', () => client.close())
    client.on('close', () => server.end())
    client.on('error', () => server.destroy())
  })

  return {
    handle: (_request, response) => sendJson(response, 426, { error: 'this is a WebSocket' }),
    upgrade(request, socket, head) {
      sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
    },
  }
}

/** Hands things on after a delay, never one before another although the delay may change in between. */
function inOrder<Thing>(handOn: (thing: Thing) => void): (delay_ms: number, thing: Thing) => void {
  const waiting: { due: number; thing: Thing }[] = []
  let timer: NodeJS.Timeout | undefined

  function handOnDue(): void {
    timer = undefined
    const now = performance.now()
    for (let first = waiting[0]; first && first.due <= now; first = waiting[0]) {
      waiting.shift()
      handOn(first.thing)
    }
    const first = waiting[0]
    if (first) timer = setTimeout(handOnDue, first.due - now)
  }

  return (delay_ms, thing) => {
    if (delay_ms === 0 && waiting.length === 0) return handOn(thing)
    waiting.push({ due: performance.now() + delay_ms, thing })
    timer ??= setTimeout(handOnDue, delay_ms)
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
