import { createServer, type RequestListener } from 'node:http'
import type { LocalService } from '../../local/service.ts'

export type Mounted = { origin: string; url: string; close(): Promise<void> }

/** Serves one local service on a port of its own, under its prefix, as services.ts does for all of them. */
export async function mount(prefix: string, service: LocalService): Promise<Mounted> {
  const mounted = await listen((request, response) => {
    const path = request.url ?? ''
    const handled = Promise.resolve(service.handle(request, response, path.slice(prefix.length)))
    handled.catch((error: unknown) => {
      console.error(error)
      response.destroy()
    })
  })
  const close = async () => {
    await service.close?.()
    await mounted.close()
  }
  return { origin: mounted.origin, url: mounted.origin + prefix, close }
}

/** A plain HTTP server on a free port. */
export async function listen(listener: RequestListener): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { origin: `http://127.0.0.1:${address.port}`, close }
}
