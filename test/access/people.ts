import { randomUUID } from 'node:crypto'
import { hashPassword } from '../../src/access/password-hash.ts'
import type { Role } from '../../src/access/schema.ts'
import { type Answer, type House, type Where, withDatabase } from '../factories.ts'

/** As local/stack.ts gives it to the Worker. */
export const tokenSecret = 'tableside-local-token-secret-0123456789'
export const password = 'correct horse battery'
export const sealingKey = Buffer.from('tableside-local-sealing-key-0123').toString('base64')
let hashed: Promise<string> | undefined

export type Person = { id: string; email: string; name: string; role: Role; password: string }

let hired = 0

/** Somebody of a house who has a password already. */
export async function hire(where: Where, house: { id: string }, role: Role, email?: string): Promise<Person> {
  hired += 1
  hashed ??= hashPassword(sealingKey, password)
  const person = { email: email ?? `${role}-${process.pid}-${hired}@house.test`, name: `${role} ${hired}`, role }
  const hash = await hashed
  const id = await withDatabase(where, async (client) => {
    const made = await client.query<{ id: string }>(
      `insert into staff (restaurant_id, email, name, role, password_hash, created_at, updated_at)
       values ($1, $2, $3, $4, $5, now(), now()) returning id`,
      [house.id, person.email, person.name, role, hash],
    )
    return made.rows[0]?.id ?? ''
  })
  return { id, password, ...person }
}

export type Jar = { access: string | null; refresh: string | null; lines: string[] }

/** The cookies that an answer sets, by kind; null where it takes one away or sets none. */
export function jarOf(answer: Answer): Jar {
  const lines = answer.headers.getSetCookie()
  const value = (name: string): string | null =>
    lines.flatMap((line) => new RegExp(`^${name}=([^;]+)`).exec(line)?.[1] ?? [])[0] ?? null
  return { access: value('ts_access'), refresh: value('ts_refresh'), lines }
}

/** A device that nobody else has tried from. */
export function freshAddress(): string {
  return `test-${randomUUID()}`
}

/** One browser: its cookies, its address, its pages' origin. */
export class Browser {
  jar: { access: string | null; refresh: string | null } = { access: null, refresh: null }
  address = freshAddress()
  /** Sent with every request, over what a browser sends. */
  more: Record<string, string> = {}
  readonly origin: string

  constructor(where: { origin: string }) {
    this.origin = where.origin
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const cookies = Object.entries(this.jar).flatMap(([kind, value]) => (value === null ? [] : [`ts_${kind}=${value}`]))
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        'cf-connecting-ip': this.address,
        'user-agent': 'Test browser',
        ...(method === 'GET' ? {} : { origin: this.origin }),
        ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.more,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const parsed = text === '' ? undefined : JSON.parse(text)
    const answer = {
      status: response.status,
      headers: response.headers,
      body: parsed,
      data: parsed?.data,
      code: parsed?.code,
    }
    const jar = jarOf(answer)
    for (const kind of ['access', 'refresh'] as const) {
      if (jar.lines.some((line) => line.startsWith(`ts_${kind}=`))) this.jar[kind] = jar[kind]
    }
    return answer
  }

  signIn(person: Pick<Person, 'email' | 'password'>, restaurant?: string): Promise<Answer> {
    const { email } = person
    return this.call('POST', '/api/auth/sign-in', {
      email,
      password: person.password,
      ...(restaurant ? { restaurant } : {}),
    })
  }
}

/** A browser that somebody has signed in with. */
export async function signedIn(where: Where, person: Person): Promise<Browser> {
  const browser = new Browser(where)
  const answer = await browser.signIn(person)
  if (answer.status !== 200) throw new Error(`${person.email} could not sign in: ${JSON.stringify(answer.body)}`)
  return browser
}

export type Happened = {
  type: string
  subject_id: string
  actor: { kind: string }
  before: unknown
  after: Record<string, unknown> | null
}

/** What the house's audit trail says of its staff, oldest first. */
export async function eventsOf(where: Where, house: Pick<House, 'id'>): Promise<Happened[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query<Happened>(
      "select type, subject_id, actor, before, after from events where restaurant_id = $1 and type like 'staff.%' order by id",
      [house.id],
    )
    return found.rows
  })
}

/** The link in the latest mail to somebody; waits for it, since it goes out after the answer. */
export async function linkMailedTo(
  where: { control_origin: string },
  email: string,
  besides?: string,
): Promise<string> {
  for (let n = 0; n < 100; n++) {
    const answer = await fetch(`${where.control_origin}/mail?to=${encodeURIComponent(email)}`)
    const text = await answer.text()
    const link = /https?:\/\/[^\s"\\]+\/console\/(?:invitation|reset)\/([\w-]{43})/.exec(text)
    if (link?.[1] && link[1] !== besides) return link[1]
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`no link was mailed to ${email}`)
}
