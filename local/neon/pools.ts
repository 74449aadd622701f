import { Pool, type PoolClient } from 'pg'

export type Database = { host: string; port: number }

export type Pools = {
  /** A connection as the connection string says, but to the local server whatever host it names. */
  connect(connection_string: string): Promise<PoolClient>
  close(): Promise<void>
}

/** One pool a connection string, as Neon's proxy keeps one for each user and database. */
export function createPools(database: Database, connections: number): Pools {
  const pools = new Map<string, Pool>()

  function open(connection_string: string): Pool {
    const url = new URL(connection_string)
    url.hostname = database.host
    url.port = String(database.port)
    // TLS ends at Neon's edge; between proxy and server there is none to ask for.
    for (const option of ['sslmode', 'sslnegotiation', 'channel_binding']) url.searchParams.delete(option)
    const pool = new Pool({
      connectionString: url.href,
      max: connections,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      types: { getTypeParser: asText },
    })
    // A server that goes away must not take us along: the pool forgets the connection, idle or in use.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    pools.set(connection_string, pool)
    return pool
  }

  return {
    connect: (connection_string) => (pools.get(connection_string) ?? open(connection_string)).connect(),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.end()))
    },
  }
}

/** Values travel as the text PostgreSQL writes; the driver parses them. */
function asText(): (text: string) => string {
  return (text) => text
}
