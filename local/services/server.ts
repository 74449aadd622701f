import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { readControl } from '../control.ts'
import { mailService, smsService } from '../inbox.ts'
import { createNeon } from '../neon.ts'
import { openaiService } from '../openai.ts'
import { posService } from '../pos.ts'
import { portInUse } from '../process.ts'
import { qstashService } from '../qstash.ts'
import { redisService } from '../redis.ts'
import { sendJson, type LocalService } from '../service.ts'
import { CommandArgument, commands, type OnCommand, type ServicesOptions } from './protocol.ts'

/** Every service under its prefix, in this process. */
export async function serveServices(
  { port, database }: ServicesOptions,
  onCommand: OnCommand,
): Promise<{ port: number; close(): Promise<void> }> {
  const neon = createNeon({ database })
  const services = new Map<string, LocalService>([
    ['sql', neon.sql],
    ['v2', neon.tunnel],
    ['neon', neon.control],
    ['redis', redisService({ token: 'local' })],
    ['qstash', qstashService()],
    ['pos', posService()],
    ['mail', mailService()],
    ['sms', smsService()],
    ['openai', openaiService()],
    ['postgres', commandService('postgres', onCommand)],
    ['worker', commandService('worker', onCommand)],
  ])

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name, path } = split(request.url ?? '/')
    const service = services.get(name)
    if (service) await service.handle(request, response, path)
    else if (name === '') sendJson(response, 200, { services: [...services.keys()].map((one) => `/${one}`) })
    else sendJson(response, 404, { error: `no service /${name}; GET / lists them` })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      // A caller that hung up is no failure of ours.
      if (request.destroyed && !request.complete) return
      console.error(error)
      if (response.headersSent) response.destroy()
      else sendJson(response, 500, { error: String(error) })
    })
  })
  server.on('upgrade', (request, socket, head) => {
    const { name, path } = split(request.url ?? '/')
    const service = services.get(name)
    socket.on('error', () => {})
    if (service?.upgrade) service.upgrade(request, socket, head, path)
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
  // Never closes a pooled connection under a request that is on its way.
  server.keepAliveTimeout = 0

  return {
    port: await listen(server, port),
    async close() {
      server.close()
      server.closeAllConnections()
      for (const service of services.values()) await service.close?.()
      await neon.close()
    },
  }
}

/** "/redis/pipeline?x=1" → the service redis and the path "/pipeline?x=1". */
function split(url: string): { name: string; path: string } {
  const [, name = '', path = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? []
  return { name, path: path.startsWith('/') ? path : `/${path}` }
}

/** `POST /<name>/<verb>`: what only the process that started us can do, such as killing the database. */
function commandService(name: string, onCommand: OnCommand): LocalService {
  const known = commands.filter((command) => command.startsWith(`${name}/`))
  return {
    async handle(request, response, path) {
      const command = known.find((one) => one === name + path)
      if (!command || request.method !== 'POST') {
        return sendJson(response, 404, { error: known.map((one) => `POST /${one}`).join(', ') })
      }
      const argument = await readControl(request, response, CommandArgument)
      if (!argument) return
      try {
        sendJson(response, 200, (await onCommand(command, argument)) ?? {})
      } catch (error) {
        sendJson(response, 409, { error: error instanceof Error ? error.message : String(error) })
      }
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE'
      reject(taken ? new Error(portInUse(port)) : error)
    })
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('a TCP server has no port'))
      else resolve(address.port)
    })
  })
}
