import type { Queue } from './gates.ts'
import type { Event } from './ledger.ts'
import type { Flow, Headers, Message } from './message.ts'
import type { Schedule } from './schedules.ts'

/** Headers as QStash's JSON has them: each name with a list. */
export function headerLists(headers: Headers): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
}

/** A message as `GET /v2/messages/{id}` and, with its last answer, as `GET /v2/dlq` tell it. */
export function messageView(message: Message) {
  const { flow, dead } = message
  return {
    messageId: message.id,
    url: message.url,
    method: message.method,
    header: headerLists(message.headers),
    ...textOrBase64('body', message.body),
    maxRetries: message.max_retries,
    retryDelayExpression: message.retry_delay ?? undefined,
    notBefore: message.due_at,
    createdAt: message.created_at,
    callback: message.callback ?? undefined,
    failureCallback: message.failure_callback ?? undefined,
    queueName: message.queue ?? undefined,
    scheduleId: message.schedule_id ?? undefined,
    callerIp: '127.0.0.1',
    flowControlKey: flow?.key,
    parallelism: finite(flow?.parallelism),
    rate: finite(flow?.rate),
    period: flow ? flow.period_ms / 1000 : undefined,
    label: message.labels[0],
    labels: message.labels.length ? message.labels : undefined,
    ...(dead && {
      dlqId: dead.dlq_id,
      responseStatus: dead.answer.status,
      responseHeader: headerLists(dead.answer.headers),
      ...textOrBase64('responseBody', dead.answer.body),
    }),
  }
}

export function scheduleView(schedule: Schedule) {
  return {
    scheduleId: schedule.id,
    cron: schedule.cron,
    createdAt: schedule.created_at,
    destination: schedule.destination,
    method: schedule.headers['upstash-method'] ?? 'POST',
    ...textOrBase64('body', schedule.body),
    retries: Number(schedule.headers['upstash-retries'] ?? 3),
    isPaused: schedule.paused,
    lastScheduleTime: schedule.last_at ?? undefined,
    nextScheduleTime: schedule.next_at,
  }
}

export function queueView({ name, parallelism, paused, created_at, updated_at }: Queue, lag: number) {
  return { name, parallelism, paused, lag, createdAt: created_at, updatedAt: updated_at }
}

export function flowView(key: string, flow: Flow | null, now: { waiting: number; active: number; starts: number }) {
  return {
    flowControlKey: key,
    waitListSize: now.waiting,
    parallelismMax: finite(flow?.parallelism) ?? 0,
    parallelismCount: now.active,
    rateMax: finite(flow?.rate) ?? 0,
    rateCount: now.starts,
    ratePeriod: flow ? flow.period_ms / 1000 : 0,
  }
}

export function eventView({ time, state, message, next_at, error }: Event) {
  return {
    time,
    state,
    messageId: message.id,
    url: message.url,
    nextDeliveryTime: next_at ?? undefined,
    error: error ?? undefined,
    queueName: message.queue ?? undefined,
    scheduleId: message.schedule_id ?? undefined,
    label: message.labels[0],
    labels: message.labels.length ? message.labels : undefined,
  }
}

/** A message as the control page tells it: ours, so snake_case and ISO instants. */
export function messageReport(message: Message) {
  return {
    message_id: message.id,
    url: message.url,
    method: message.method,
    state: message.state,
    queue: message.queue,
    flow_control_key: message.flow?.key ?? null,
    labels: message.labels,
    headers: message.headers,
    body: message.body.toString(),
    created_at: instant(message.created_at),
    due_at: instant(message.due_at),
    retried: message.retried,
    max_retries: message.max_retries,
    attempts: message.attempts.map(({ at, ...attempt }) => ({ at: instant(at), ...attempt })),
  }
}

export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

function textOrBase64(name: 'body' | 'responseBody', bytes: Buffer): Record<string, string> {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? { [name]: text } : { [`${name}Base64`]: bytes.toString('base64') }
}

function finite(limit: number | undefined): number | undefined {
  return limit === undefined || !Number.isFinite(limit) ? undefined : limit
}
