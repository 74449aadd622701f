import pg from 'pg'
import { startStack, type Backend, type StackOptions } from '../../local/stack.ts'

/** All but the Worker, for as long as the work takes. */
export async function withBackend<T>(options: StackOptions, work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = await startStack({ ...options, worker: false })
  try {
    return await work(backend)
  } finally {
    await backend.stop()
  }
}

export async function withClient<T>(database_url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database_url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * What autovacuum does within a minute of a table having grown: without it, plans made for tables of no rows go on being
 * used for thousands, which no database in use would do.
 */
export async function analyze(database_url: string): Promise<void> {
  await withClient(database_url, async (client) => {
    await client.query('analyze')
  })
}
