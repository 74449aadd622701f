import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A stand-in for a managed service, mounted under a prefix of the local services' one port. */
export type LocalService = {
  /** Answers a request; `path` is what follows the service's prefix, undecoded, with its query ("/v2/publish/…"). */
  handle(request: IncomingMessage, response: ServerResponse, path: string): void | Promise<void>
  /** Takes over a connection that asks for a WebSocket. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, path: string): void
  close?(): Promise<void>
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? '' : JSON.stringify(body))
}
