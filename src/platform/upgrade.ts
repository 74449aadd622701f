/** What a browser is told of a socket it may not have: a refused upgrade says nothing, a close has a code. */
export function closedAtOnce(code: number, reason: string): Response {
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  server.close(code, reason)
  return new Response(null, { status: 101, webSocket: client })
}

/** A browser that offers protocols wants one of them back: ours, where it offered it. */
export function withProtocol({ webSocket }: Response, offered: string | null, protocol: string): Response {
  const speaks = offered?.split(',').some((one) => one.trim() === protocol)
  const headers = new Headers(speaks ? { 'sec-websocket-protocol': protocol } : {})
  return new Response(null, { status: 101, webSocket, headers })
}

export function isUpgrade(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket'
}
