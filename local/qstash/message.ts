import { createHash, randomUUID } from 'node:crypto'
import { durationMs } from './duration.ts'
import { retryDelayMs } from './retry-delay.ts'

type State = 'pending' | 'active' | 'delivered' | 'failed' | 'cancelled'
export type Headers = Record<string, string>

/** One HTTP call to the destination. Status 0 is a call that never got an answer. */
type Attempt = { at: number; retried: number; status: number; duplicate: boolean; error: string | null }
export type Answer = { status: number; headers: Headers; body: Buffer; error: string | null }
export type Flow = { key: string; parallelism: number; rate: number; period_ms: number }

/** A message and what has become of it. Instants and spans are milliseconds on the local clock. */
export type Message = {
  id: string
  url: string
  method: string
  headers: Headers
  body: Buffer
  /** The caller's own `upstash-*` headers, kept for its callbacks and for a retry from the dead letters. */
  options: Headers
  max_retries: number
  retry_delay: string | null
  timeout_ms: number
  callback: string | null
  failure_callback: string | null
  labels: string[]
  flow: Flow | null
  queue: string | null
  schedule_id: string | null
  created_at: number
  due_at: number
  retried: number
  state: State
  attempts: Attempt[]
  dead: { dlq_id: string; answer: Answer } | null
}

export class Refusal extends Error {
  override name = 'Refusal'
}

type Origin = { now: number; clock_offset: number; queue?: string | null; schedule_id?: string | null }

/** Reads a publish request; throws Refusal where QStash would answer 400. Header names are lower-case. */
export function createMessage(url: string, headers: Headers, body: Buffer, origin: Origin): Message {
  checkUrl('destination', url)
  for (const name of ['callback', 'failure-callback']) {
    const told = headers[`upstash-${name}`]
    if (told !== undefined) checkUrl(name, told)
  }
  const expression = headers['upstash-retry-delay'] ?? null
  if (expression !== null) checkExpression(expression)
  const contentType = headers['content-type']
  return {
    id: `msg_${randomUUID().replaceAll('-', '')}`,
    url,
    method: headers['upstash-method'] ?? 'POST',
    headers: { ...withoutPrefix(headers, 'upstash-forward-'), ...(contentType ? { 'content-type': contentType } : {}) },
    body,
    options: headers,
    max_retries: count(headers, 'upstash-retries') ?? 3,
    retry_delay: expression,
    timeout_ms: span(headers, 'upstash-timeout') ?? 900_000,
    callback: headers['upstash-callback'] ?? null,
    failure_callback: headers['upstash-failure-callback'] ?? null,
    labels: headers['upstash-label']?.split(',') ?? [],
    flow: flowOf(headers),
    queue: origin.queue ?? null,
    schedule_id: origin.schedule_id ?? null,
    created_at: origin.now,
    due_at: dueAt(headers, origin),
    retried: 0,
    state: 'pending',
    attempts: [],
    dead: null,
  }
}

function checkUrl(name: string, url: string): void {
  if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return
  throw new Refusal(`invalid ${name} url: endpoint has invalid scheme, add http:// or https://`)
}

/** A caller's "not before" is told by its own clock, which is the local one less what that has been advanced. */
function dueAt(headers: Headers, { now, clock_offset }: Origin): number {
  const notBefore = count(headers, 'upstash-not-before')
  if (notBefore !== undefined) return Math.max(now, notBefore * 1000 + clock_offset)
  return now + (span(headers, 'upstash-delay') ?? 0)
}

/** The headers that begin with a prefix, without it. */
export function withoutPrefix(headers: Headers, prefix: string): Headers {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]))
}

function flowOf(headers: Headers): Flow | null {
  const key = headers['upstash-flow-control-key']
  if (!key) return null
  const limits = Object.fromEntries(
    (headers['upstash-flow-control-value'] ?? '').split(',').map((part) => part.trim().split('=')),
  )
  return {
    key,
    parallelism: Number(limits.parallelism ?? Infinity),
    rate: Number(limits.rate ?? Infinity),
    period_ms: durationMs(limits.period ?? '1s') ?? 1000,
  }
}

function count(headers: Headers, name: string): number | undefined {
  const text = headers[name]
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text)) throw new Refusal(`invalid ${name}: ${text}`)
  return Number(text)
}

function span(headers: Headers, name: string): number | undefined {
  const text = headers[name]
  if (text === undefined) return undefined
  const ms = durationMs(text)
  if (ms === undefined) throw new Refusal(`invalid ${name}: ${text}`)
  return ms
}

function checkExpression(expression: string): void {
  try {
    retryDelayMs(expression, 0)
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error))
  }
}

/** What makes two messages one: an id the publisher gave or, where it asked for that, the content. */
export function deduplicationId({ options, url, body }: Message): string | undefined {
  const given = options['upstash-deduplication-id']
  if (given) return `id:${given}`
  if (options['upstash-content-based-deduplication'] !== 'true') return undefined
  return `content:${createHash('sha256').update(url).update('\n').update(body).digest('hex')}`
}
