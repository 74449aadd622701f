import { randomUUID } from 'node:crypto'
import { WebSocket } from 'ws'
import type { Cart, CartLine, CartMutate, Member, ServerMessage } from '../../src/ordering/schema.ts'
import { ServerMessage as Message } from '../../src/ordering/schema.ts'
import { cartHash, evolve, withSoldOut } from '../../src/ordering/rules.ts'
import { type Answer, type House, openHouse, type Where } from '../factories.ts'

/** Speaks to the paths at the root with any token, or none. */
export async function atRoot(
  origin: string,
  token: string | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const parsed = await response.json().catch(() => undefined)
  const { data, code } = Object(parsed)
  return { status: response.status, headers: response.headers, body: parsed, data, code }
}

/** A house that serves at any hour, with a menu. */
export async function openTavern(
  where: Where,
  changes: Record<string, unknown> = {},
): Promise<House & { menu: Dishes }> {
  const hours = [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '00:00', closes: '24:00' }]
  const house = await openHouse(where, { hours, ...changes })
  const dishes = newDishes()
  const put = await house.call('PUT', '/menu', dishes.menu)
  if (put.status >= 300) throw new Error(`no menu: ${JSON.stringify(put.body)}`)
  return { ...house, menu: dishes }
}

export type Dishes = ReturnType<typeof newDishes>
export function newDishes() {
  const ids = { soup: randomUUID(), pasta: randomUUID(), wine: randomUUID(), cake: randomUUID() }
  const glass = randomUUID()
  const bottle = randomUUID()
  const cheese = randomUUID()
  const parmesan = randomUUID()
  const pecorino = randomUUID()
  const menu = {
    categories: [
      {
        name: 'Food',
        items: [
          { id: ids.soup, name: 'Soup', price_minor: 900, allergens: ['celery'] },
          {
            id: ids.pasta,
            name: 'Pasta',
            price_minor: 1800,
            allergens: ['gluten'],
            modifiers: [
              {
                id: cheese,
                name: 'Cheese',
                min: 0,
                max: 1,
                options: [
                  { id: parmesan, name: 'Parmesan', price_minor: 150, allergens: ['milk'] },
                  { id: pecorino, name: 'Pecorino', price_minor: 200, allergens: ['milk'] },
                ],
              },
            ],
          },
          { id: ids.cake, name: 'Cake', price_minor: 700, allergens: ['nuts', 'eggs'] },
        ],
      },
      {
        name: 'Drinks',
        items: [
          {
            id: ids.wine,
            name: 'Wine',
            price_minor: 1200,
            variants: [
              { id: glass, name: 'Glass', price_minor: 1200 },
              { id: bottle, name: 'Bottle', price_minor: 5200 },
            ],
          },
        ],
      },
    ],
  }
  return { ...ids, glass, bottle, cheese, parmesan, pecorino, menu }
}

type Heard = ServerMessage
type Waiter = { wanted: (message: Heard) => boolean; found: (message: Heard) => void; failed: (error: Error) => void }

/** What a phone does: one socket at a time, a replica of the cart kept by what it hears, and the number it has reached. */
export class Phone {
  readonly heard: Heard[] = []
  lines: CartLine[] = []
  members = new Map<string, Member>()
  seq = 0
  cart_version = 0
  you: string | null = null
  /** Every time the numbers did not follow each other. */
  gaps = 0
  closed: { code: number; reason: string } | null = null
  private socket: WebSocket | null = null
  private readonly waiters = new Set<Waiter>()
  private readonly origin: string
  readonly token: string | null

  constructor(origin: string, token: string | null) {
    this.origin = origin.replace('http', 'ws')
    this.token = token
  }

  /** Resolves when the upgrade was answered. `query` begins with a question mark. */
  connect(how: { query?: string; subprotocol?: boolean } = {}): Promise<this> {
    const { query = '', subprotocol = false } = how
    const protocols = subprotocol ? ['tableside.v1', `bearer.${this.token}`] : []
    const headers = subprotocol || this.token === null ? {} : { authorization: `Bearer ${this.token}` }
    const socket = new WebSocket(`${this.origin}/ws${query}`, protocols, { headers })
    this.socket = socket
    this.closed = null
    socket.on('message', (data: Buffer) => {
      const parsed: unknown = JSON.parse(data.toString())
      for (const one of Array.isArray(parsed) ? parsed : [parsed]) this.hear(Message.parse(one))
    })
    return new Promise((resolve, reject) => {
      socket.on('open', () => {
        // As the page does: workerd ends a connection at once only where it has been spoken to.
        socket.send('{"type":"ping"}')
        resolve(this)
      })
      socket.on('error', reject)
      socket.on('close', (code, reason) => {
        if (this.socket !== socket) return
        this.closed = { code, reason: reason.toString() }
        const error = new Error(`closed with ${code} ${this.closed.reason}`)
        for (const one of this.waiters) one.failed(error)
        this.waiters.clear()
        reject(error)
      })
    })
  }

  get protocol(): string {
    return this.socket?.protocol ?? ''
  }

  private hear(message: Heard): void {
    this.heard.push(message)
    this.apply(message)
    for (const one of this.waiters) {
      if (!one.wanted(message)) continue
      this.waiters.delete(one)
      one.found(message)
    }
  }

  /** As the page does it. */
  private apply(message: Heard): void {
    if (message.type === 'snapshot') {
      this.you = message.you
      this.take(message.cart)
      this.seq = message.seq
      return
    }
    if (message.type === 'cart_conflict') {
      if (message.current.seq >= this.seq) this.take(message.current)
      return
    }
    if (!('seq' in message) || message.seq <= this.seq) return
    if (message.seq !== this.seq + 1) this.gaps += 1
    this.seq = message.seq
    if (message.type === 'cart_update') {
      this.cart_version = message.cart_version
      if (message.op === 'ordered') this.lines = this.lines.filter((line) => !message.line_ids?.includes(line.id))
      else if (message.line) this.lines = evolve(this.lines, { op: message.op, line: message.line })
    } else if (message.type === 'menu_update') {
      this.lines = withSoldOut(this.lines, message.menu_item_id, message.sold_out)
    } else if (message.type === 'member_join' || message.type === 'member_update') {
      this.members.set(message.member.id, message.member)
    } else if (message.type === 'member_leave') {
      const member = this.members.get(message.member_id)
      if (member) this.members.set(member.id, { ...member, online: false })
    }
  }

  private take(cart: Cart): void {
    this.lines = cart.lines
    this.members = new Map(cart.members.map((one) => [one.id, one]))
    this.cart_version = cart.cart_version
    this.seq = cart.seq
  }

  hash(): string {
    return cartHash(this.lines)
  }

  /** The first message of a type that is wanted, of those heard already (after so many) or to come. */
  async next<T extends Heard['type']>(
    type: T,
    wanted: (message: Extract<Heard, { type: T }>) => boolean = () => true,
    after = 0,
  ): Promise<Extract<Heard, { type: T }>> {
    const is = (message: Heard): message is Extract<Heard, { type: T }> =>
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      message.type === type && wanted(message as Extract<Heard, { type: T }>)
    const found = await this.first(is, after, type)
    if (!is(found)) throw new Error('what was found is what was wanted')
    return found
  }

  private first(wanted: (message: Heard) => boolean, after: number, what: string): Promise<Heard> {
    const known = this.heard.slice(after).find(wanted)
    if (known) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => failed(new Error(`no ${what} came; ${this.heard.length} others did`)), 10_000)
      const failed = (error: Error): void => {
        clearTimeout(timer)
        this.waiters.delete(waiter)
        reject(error)
      }
      const found = (message: Heard): void => {
        clearTimeout(timer)
        resolve(message)
      }
      const waiter: Waiter = { wanted, found, failed }
      this.waiters.add(waiter)
      if (this.closed) failed(new Error(`closed with ${this.closed.code}`))
    })
  }

  say(message: unknown): void {
    this.socket?.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** A command, and what came of it: the cart_update of its request_id, the conflict, or the error. */
  async mutate(command: Omit<CartMutate, 'type' | 'request_id'> & { request_id?: string }): Promise<Heard> {
    const request_id = command.request_id ?? randomUUID()
    const mine = (message: Heard): boolean => 'request_id' in message && message.request_id === request_id
    const answered = this.first(mine, this.heard.length, `answer to ${request_id}`)
    this.say({ type: 'cart_mutate', ...command, request_id })
    return answered
  }

  /** A new line, which must be had. */
  async order(menu_item_id: string, more: Partial<CartMutate> = {}): Promise<CartLine> {
    const answer = await this.mutate({ op: 'create', menu_item_id, version: this.cart_version, ...more })
    if (answer.type !== 'cart_update' || !answer.line) throw new Error(`no line: ${JSON.stringify(answer)}`)
    return answer.line
  }

  /** The code of the close that is to come, or has come. */
  async gone(): Promise<number> {
    for (let waited = 0; this.closed === null && waited < 10_000; waited += 5)
      await new Promise((resolve) => setTimeout(resolve, 5))
    return this.closed?.code ?? 0
  }

  /** As a phone that lost its network: nothing is said. */
  drop(): void {
    this.socket?.terminate()
  }
  hangUp(): void {
    this.socket?.close(1000)
  }
}

/** Until it holds, as it must within ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
