import type pg from 'pg'
import { hashPassword } from '../../src/access/password-hash.ts'
import { demoPassword } from '../../src/access/password-rules.ts'
import type { Role } from '../../src/access/schema.ts'

const names: Record<Role, string> = {
  owner: 'Olivia Rossi',
  manager: 'Marco Bianchi',
  host: 'Hana Tan',
  server: 'Sam Lim',
  kitchen: 'Kenji Mori',
}

/** One of each role, who may sign in on one's own machine; those who are there stay as they are. */
export async function insertDemoStaff(
  client: pg.Client,
  slug: string,
  sealing_key: string,
  today: Date,
): Promise<void> {
  const there = await client.query<{ email: string }>(
    'select s.email from staff s join restaurants r on r.id = s.restaurant_id where r.slug = $1',
    [slug],
  )
  const known = new Set(there.rows.map((row) => row.email))
  for (const [role, name] of Object.entries(names)) {
    const email = `${role}@${slug}.test`
    if (known.has(email)) continue
    await client.query(
      `insert into staff (restaurant_id, email, name, role, password_hash, created_at, updated_at)
       select id, $2, $3, $4, $5, $6, $6 from restaurants where slug = $1
       on conflict do nothing`,
      [slug, email, name, role, await hashPassword(sealing_key, demoPassword), today],
    )
  }
}
