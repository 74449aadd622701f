import * as z from 'zod'

const patienceMs = 5_000

/** `status` null: no answer, and nobody knows what became of it. `error` null: it was taken. */
export type ProviderAnswer = { status: number | null; id: string | null; error: string | null }

/** One request to who sends mail or texts, five seconds. `name` is what its answer calls the message. Never throws. */
export async function askProvider(
  name: string,
  request: () => { url: string; init: RequestInit },
): Promise<ProviderAnswer> {
  try {
    const { url, init } = request()
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) })
    const said = await response.text().catch(() => '')
    if (!response.ok)
      return { status: response.status, id: null, error: `HTTP ${response.status} ${codeIn(said)}`.trim() }
    return { status: response.status, id: fieldIn(said, name), error: null }
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 200) : 'no answer'
    return { status: null, id: null, error: reason }
  }
}

const Named = z.record(z.string(), z.unknown())

function fieldIn(body: string, name: string): string | null {
  try {
    const said = Named.safeParse(JSON.parse(body))
    const value = said.success ? said.data[name] : undefined
    return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 200) : null
  } catch {
    return null
  }
}

/** A provider's own name or number of an error; its sentence may hold an address. */
function codeIn(body: string): string {
  const code = fieldIn(body, 'code') ?? fieldIn(body, 'name') ?? ''
  return code.replaceAll(/[^\w.-]/g, '').slice(0, 60)
}
