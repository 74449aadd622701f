import { type Answer, type Where, withDatabase } from '../factories.ts'

/** A guest without a key, at the root; from an address of its own unless said, so that no suite limits another. */
export async function atRoot(where: Where, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${where.origin}${path}`, {
    headers: { 'cf-connecting-ip': `2001:db8::${Math.random().toString(16).slice(2, 6)}`, ...headers },
  })
  const body = JSON.parse(await response.text())
  return { status: response.status, headers: response.headers, body, data: body.data, code: body.code }
}

export async function rowsOf<T extends Record<string, unknown>>(
  where: Where,
  statement: string,
  ...values: unknown[]
): Promise<T[]> {
  return withDatabase(where, async (client) => (await client.query<T>(statement, values)).rows)
}
