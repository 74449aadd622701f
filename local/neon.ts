import type { IncomingMessage, ServerResponse } from 'node:http'
import { DatabaseError, type PoolClient } from 'pg'
import * as z from 'zod'
import { pause, readControl } from './control.ts'
import { couldNotConnect, injected, queryFailed, refuse, type Answer } from './neon/answers.ts'
import { createFaults, FaultCommand } from './neon/faults.ts'
import { createPools, type Database } from './neon/pools.ts'
import { readQuestion, type Question, type Statement } from './neon/question.ts'
import { tunnelService } from './neon/tunnel.ts'
import { readBody, sendJson, type LocalService } from './service.ts'

export type NeonOptions = {
  /** Where every connection string leads, whatever host it names. */
  database: Database
  /** Connections at most for each connection string. */
  connections?: number
}

export type Neon = {
  /** `POST /sql`, which `neon()` calls. */
  sql: LocalService
  /** The WebSocket `/v2`, which `Pool` and `Client` open. */
  tunnel: LocalService
  /** `GET stats`, `POST reset`, `latency` and `fail`. */
  control: LocalService
  close(): Promise<void>
}

const Latency = z.strictObject({ ms: z.number().min(0).max(60_000) })

type Stats = { round_trips: number; statements: number; failures: number; injected: number; since: string }

const freshStats = (): Stats => {
  return { round_trips: 0, statements: 0, failures: 0, injected: 0, since: new Date().toISOString() }
}

/** Neon's serverless proxy as its driver 1.x uses it, with a counter, a distance and faults on request. */
export function createNeon({ database, connections = 64 }: NeonOptions): Neon {
  const pools = createPools(database, connections)
  const faults = createFaults()
  let stats = freshStats()
  let latency_ms = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    stats.round_trips++
    const text = (await readBody(request)).toString()
    if (latency_ms) await pause(latency_ms / 2)
    const asked = readQuestion(text, request.headers)
    const fault = 'statements' in asked ? faults.meet(asked.statements) : undefined
    if (fault) stats.injected++
    if (fault?.mode === 'delay') await pause(fault.ms)
    if (fault?.mode === 'drop_before') return drop(request)

    const { status, body } = injected(fault) ?? ('refusal' in asked ? refuse(asked.refusal) : await run(asked))
    if (status !== 200) stats.failures++
    if (fault?.mode === 'drop_after_commit') return drop(request)
    if (fault?.mode === 'delay_after_commit') await pause(fault.ms)
    if (latency_ms) await pause(latency_ms / 2)
    sendJson(response, status, body)
  }

  function drop(request: IncomingMessage): void {
    stats.failures++
    request.socket.destroy()
  }

  async function run(asked: Question): Promise<Answer> {
    stats.statements += asked.statements.length
    let client: PoolClient
    try {
      client = await pools.connect(asked.connection_string)
    } catch (error) {
      return couldNotConnect(error)
    }
    let lost = false
    try {
      return { status: 200, body: asked.batch ? await runBatch(client, asked) : await runOne(client, asked) }
    } catch (error) {
      lost = !(error instanceof DatabaseError) || error.severity === 'FATAL'
      return queryFailed(error)
    } finally {
      // A transaction left open must not meet the next caller.
      client.release(lost || client.getTransactionStatus() !== 'I')
    }
  }

  async function control(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const call = `${request.method} ${path}`
    if (call === 'POST /reset') stats = freshStats()
    else if (call === 'POST /latency') {
      const wanted = await readControl(request, response, Latency)
      if (!wanted) return
      latency_ms = wanted.ms
    } else if (call === 'POST /fail') {
      const command = await readControl(request, response, FaultCommand)
      if (!command) return
      faults.set(command)
    } else if (call !== 'GET /stats') {
      return sendJson(response, 404, { error: 'GET stats, POST reset, POST latency, POST fail' })
    }
    sendJson(response, 200, { ...stats, latency_ms, fault: faults.current() ?? null })
  }

  const tunnel = tunnelService({
    database,
    oneWayMs: () => latency_ms / 2,
    onRoundTrip: () => stats.round_trips++,
  })
  return {
    sql: { handle: answer },
    tunnel,
    control: { handle: control },
    async close() {
      await tunnel.close?.()
      await pools.close()
    },
  }
}

async function runOne(client: PoolClient, { statements, array_mode }: Question): Promise<unknown> {
  const [statement] = statements
  return statement ? runStatement(client, statement, array_mode) : undefined
}

async function runBatch(client: PoolClient, { statements, array_mode, begin }: Question): Promise<unknown> {
  await client.query(begin)
  try {
    const results = []
    for (const statement of statements) results.push(await runStatement(client, statement, array_mode))
    await client.query('commit')
    return { results }
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function runStatement(client: PoolClient, { query, params }: Statement, array_mode: boolean) {
  // The extended protocol also without parameters: like Neon, it refuses two statements in one text.
  const options = { text: query, values: params, queryMode: 'extended' }
  const result = await (array_mode ? client.query({ ...options, rowMode: 'array' }) : client.query(options))
  const { command, rowCount, rows, fields } = result
  return { command, rowCount, rows, fields, rowAsArray: array_mode }
}
