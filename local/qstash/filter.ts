import type { Message } from './message.ts'

/** Whether a message is among those a query names; a query that names none means all. */
export function matching(query: URLSearchParams): (message: Message) => boolean {
  return (message) => {
    const facts: Record<string, (string | null | undefined)[]> = {
      messageIds: [message.id],
      messageId: [message.id],
      dlqIds: [message.dead?.dlq_id],
      url: [message.url],
      label: message.labels,
      queueName: [message.queue],
      scheduleId: [message.schedule_id],
      flowControlKey: [message.flow?.key],
    }
    return Object.entries(facts).every(([name, values]) => {
      const wanted = query.getAll(name)
      return wanted.length === 0 || wanted.some((value) => values.includes(value))
    })
  }
}

/** How many a query asks for; 100 where it does not say. */
export function limit(query: URLSearchParams): number {
  return Number(query.get('count') ?? 100)
}
