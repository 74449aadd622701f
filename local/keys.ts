import { createHash } from 'node:crypto'
import pg from 'pg'

/** The operator's key on one's own machine; refused by the Worker everywhere else. */
export const platformKey = 'tsk_local_platform'

export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()

export async function insertPlatformKey(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(
      `insert into api_keys (name, prefix, hash, scopes, rate_per_minute)
       values ('Platform', 'tsk_local_pl', $1, '{platform}', 1000000) on conflict (hash) do nothing`,
      [hashOf(platformKey)],
    )
  } finally {
    await client.end()
  }
}
