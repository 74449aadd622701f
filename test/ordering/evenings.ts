import { randomUUID } from 'node:crypto'
import { type Answer, type House, type Where, withDatabase } from '../factories.ts'
import { atRoot, type Dishes, openTavern, Phone } from './phones.ts'

export type Tavern = House & { menu: Dishes }
/** A phone that sits at a table, and what it may say without its socket. */
export type Guest = {
  phone: Phone
  token: string
  session_id: string
  member_id: string
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

export const posSecret = 'whsec_dGFibGVzaWRlLXRpbGwtc2VjcmV0'

/** A house whose till is the stand-in. */
export async function openWithTill(
  where: Where & { control_origin: string },
  changes: Record<string, unknown> = {},
  pos: Record<string, unknown> = {},
): Promise<Tavern> {
  const tavern = await openTavern(where, changes)
  const put = await tavern.call('PUT', '/integrations/pos', {
    kind: 'http',
    url: `${where.control_origin}/pos/orders`,
    secret: posSecret,
    ...pos,
  })
  if (put.status >= 300) throw new Error(`no till: ${JSON.stringify(put.body)}`)
  return tavern
}

/** Sits down at a table, as staff seat somebody; the first opens the session. */
export async function sit(where: Where, house: House, table = '1', more: Record<string, unknown> = {}): Promise<Guest> {
  const joined = await atRoot(where.origin, house.key, 'POST', '/table_session', {
    table_number: table,
    device_id: randomUUID(),
    ...more,
  })
  if (joined.status !== 201) throw new Error(`nobody sat down: ${JSON.stringify(joined.body)}`)
  const { ws_token: token, session, member } = joined.data
  const phone = await new Phone(where.origin, token).connect()
  await phone.next('snapshot')
  const address = `2001:db8::${randomUUID().slice(0, 4)}`
  return {
    phone,
    token,
    session_id: session.id,
    member_id: member.id,
    call: (method, path, body, headers = {}) =>
      atRoot(where.origin, token, method, path, body, { 'cf-connecting-ip': address, ...headers }),
  }
}

/** Presses "order", on the cart as this phone sees it. */
export function fire(guest: Guest, key: string = randomUUID(), more: Record<string, unknown> = {}): Promise<Answer> {
  const { session_id, phone } = guest
  const body = { session_id, cart_version: phone.cart_version, cart_hash: phone.hash(), ...more }
  return guest.call('POST', '/orders', body, { 'idempotency-key': key })
}

export async function ordersOf(where: Where, house: House): Promise<{ id: string; status: string }[]> {
  return withDatabase(where, async (client) => {
    const found = await client.query<{ id: string; status: string }>(
      'select id, status from orders where restaurant_id = $1 order by id',
      [house.id],
    )
    return found.rows
  })
}
