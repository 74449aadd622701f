type Level = 'info' | 'warn' | 'error'

/** One JSON object a line, made for a machine to filter; never a name, a phone or a secret. */
export function log(level: Level, event: string, facts: Record<string, unknown>): void {
  console[level](JSON.stringify({ level, event, ...facts }))
}
