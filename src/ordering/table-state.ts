import type { Menu } from '../restaurants/menu-schema.ts'
import { findItem } from '../restaurants/menu-rules.ts'
import { isoWeekday, wallOf } from '../platform/time.ts'
import type {
  Attached,
  Frozen,
  FreezeWish,
  MemberFacts,
  Mutated,
  Mutator,
  SessionFacts,
  TableObject,
} from './object.ts'
import { type By, type CartState, cartHash, decide, evolve, subtotalOf, withSoldOut } from './rules.ts'
import type { Cart, CartLine, CartMutate, CartRefusal, Member, ServerMessage } from './schema.ts'
import { beginning, type Outcome, type StoredFreeze, type StoredMember, type StoredSession } from './table-store.ts'
import { TableTurns, type Unnumbered } from './table-turns.ts'

/** Longer than any request that places an order lives, its retries included. */
const frozenAtMostMs = 60_000

type First<K extends keyof TableObject> = Parameters<TableObject[K]>[0]

/** The table's session, members and cart: every change written in the turn that decides it, and only then told. */
export class TableState extends TableTurns {
  isActive(session_id: string): boolean {
    return this.session?.id === session_id && this.session.status === 'active'
  }
  knows(session_id: string, member_id: string): boolean {
    return this.session?.id === session_id && this.members.has(member_id)
  }
  isRemoved(member_id: string): boolean {
    return this.members.get(member_id)?.removed ?? false
  }

  // Sessions and members ---------------------------------------------------------------------------------------------

  /** `replaced`: another session was here, and its phones have nothing to look for any more. */
  attach({ session, member, menu_version }: First<'attach'>, now: number): Attached & { replaced: boolean } {
    return this.turn(() => {
      const known = this.session
      const replaced = known !== null && known.id !== session.id
      if (replaced && !comesAfter(session, known)) return { ok: false, code: 'session_closed', replaced: false }
      if (known?.id === session.id && known.status === 'closed' && session.version <= known.version)
        return { ok: false, code: 'session_closed', replaced: false }
      if (replaced || known === null) this.begin(session, now)
      else this.session = { ...known, ...factsOf(session), status: 'active', last_activity_at: now }
      if (member) this.putMember(member)
      return { ok: true, need_menu: (this.menu?.version ?? -1) < menu_version, replaced }
    })
  }

  private begin(session: SessionFacts, now: number): void {
    if (this.session?.status === 'active') this.tell({ type: 'session_closed', why: 'replaced' })
    this.session = beginning(session, now)
    this.store.beginAnew(this.session)
    this.members = new Map()
    this.lines = []
    this.freezes = []
    this.hash = cartHash([])
  }

  private putMember(facts: MemberFacts): StoredMember {
    const known = this.members.get(facts.id)
    const online = known?.online ?? false
    const member: StoredMember = {
      ...facts,
      pass_ok: facts.pass_ok || (known?.pass_ok ?? false),
      online,
      removed: false,
    }
    if (JSON.stringify(member) === JSON.stringify(known)) return member
    this.members.set(member.id, member)
    this.store.putMember(member)
    if (!known || known.removed) this.tell({ type: 'member_join', member: seen(member) })
    else if (JSON.stringify(seen(member)) !== JSON.stringify(seen(known)))
      this.tell({ type: 'member_update', member: seen(member) })
    return member
  }

  rename({ session_id, member }: First<'rename'>): Member | null {
    if (!this.isActive(session_id)) return null
    return this.turn(() => seen(this.putMember(member)))
  }

  leave({ session_id, member_id }: First<'leave'>): void {
    const member = this.members.get(member_id)
    if (this.session?.id !== session_id || !member || member.removed) return
    this.turn(() => {
      this.keep({ ...member, online: false, removed: true })
      this.tell({ type: 'member_leave', member_id })
    })
  }

  /** The first phone of a member came, or its last went. */
  setOnline(member_id: string, online: boolean): void {
    const member = this.members.get(member_id)
    if (!member || member.online === online) return
    this.turn(() => {
      const now: StoredMember = { ...member, online }
      this.keep(now)
      if (online) this.tell({ type: 'member_join', member: seen(now) })
      else this.tell({ type: 'member_leave', member_id })
    })
  }
  onlineMembers(): string[] {
    return [...this.members.values()].filter((one) => one.online).map((one) => one.id)
  }

  passAccepted({ session_id, member_id }: First<'passAccepted'>): void {
    const member = this.members.get(member_id)
    if (this.session?.id === session_id && member) this.turn(() => this.keep({ ...member, pass_ok: true }))
  }

  private keep(member: StoredMember): void {
    this.members.set(member.id, member)
    this.store.putMember(member)
  }

  close({ session_id, why, version }: First<'close'>): void {
    const { session } = this
    if (session?.id !== session_id || session.status === 'closed') return
    this.turn(() => {
      this.session = { ...session, status: 'closed', version: version ?? session.version + 1 }
      this.tell({ type: 'session_closed', why })
    })
  }

  restore(session: SessionFacts, now: number): { cart_kept: boolean } {
    const cart_kept = this.session?.id === session.id
    this.attach({ session, member: null, menu_version: -1 }, now)
    return { cart_kept }
  }

  // The cart ---------------------------------------------------------------------------------------------------------

  cart(): Cart | null {
    const { session } = this
    if (!session) return null
    return {
      session_id: session.id,
      cart_version: session.cart_version,
      cart_hash: this.hash,
      lines: this.lines,
      members: [...this.members.values()].map(seen),
      subtotal_minor: subtotalOf(this.lines),
      currency: session.currency,
      seq: session.seq,
    }
  }

  /** `message` is what the table was told of it, for a phone that asks again. */
  mutate(by: Mutator, command: CartMutate, now: number, new_line_id: string): Mutated & { message?: ServerMessage } {
    const { session } = this
    if (session?.id !== by.session_id) return { ok: false, replayed: false, code: 'session_closed', current: null }
    const who = by.member_id ?? 'staff'
    const before = this.store.operation(who, command.request_id)
    if (before) return this.answered(before, true)
    const member = by.member_id === null ? null : this.members.get(by.member_id)
    if (member === undefined || member?.removed) return this.answered({ ok: false, code: 'unknown_member' }, false)

    return this.turn(() => {
      const around = { found: this.find(command), at: wallMinute(now, session.timezone), new_line_id }
      const decision = decide(this.state(session, now), command, this.by(session, member), around)
      const outcome: Outcome =
        'refusal' in decision
          ? { ok: false, code: decision.refusal }
          : { ok: true, message: this.apply(session, decision.event, by.member_id, command.request_id, now) }
      this.store.putOperation(who, command.request_id, outcome)
      return this.answered(outcome, false)
    })
  }

  private apply(
    session: StoredSession,
    event: { op: 'create' | 'update' | 'delete'; line: CartLine },
    by: string | null,
    request_id: string,
    now: number,
  ): ServerMessage {
    this.lines = evolve(this.lines, event)
    this.hash = cartHash(this.lines)
    this.session = { ...session, cart_version: session.cart_version + 1, last_activity_at: now }
    if (event.op === 'delete') this.store.deleteLine(event.line.id)
    else this.store.putLine(event.line)
    return certain(
      this.tell({
        type: 'cart_update',
        op: event.op,
        cart_version: this.session.cart_version,
        cart_hash: this.hash,
        line: event.line,
        by,
        request_id,
      }),
    )
  }

  private answered(outcome: Outcome, replayed: boolean): Mutated & { message?: ServerMessage } {
    if (!outcome.ok) return { ok: false, replayed, code: outcome.code, current: this.cart() }
    const { message } = outcome
    if (message.type !== 'cart_update') throw new Error('an operation keeps the cart_update it led to')
    const { seq, cart_version, cart_hash, line } = message
    return { ok: true, replayed, seq, cart_version, cart_hash, line, message }
  }

  private find(command: CartMutate): ReturnType<typeof findItem> {
    const line = this.lines.find((one) => one.id === command.line_id)
    const id = line?.menu_item_id ?? command.menu_item_id
    return this.menu && id ? findItem(this.menu, id) : null
  }
  private state(session: StoredSession, now: number): CartState {
    // An order that is never heard of again keeps nobody from the cart; the next order finds out what became of it.
    const frozen = this.freezes.some((one) => one.state === 'open' && now - one.at < frozenAtMostMs)
    return { status: session.status, frozen, cart_version: session.cart_version, lines: this.lines }
  }
  private by(session: StoredSession, member: StoredMember | null): By {
    if (!member) return { member_id: null, is_host: false, allergies: [], pass_needed: false }
    const pass_needed = session.pass_required && !member.pass_ok
    return { member_id: member.id, is_host: member.is_host, allergies: member.allergies, pass_needed }
  }

  // Orders -----------------------------------------------------------------------------------------------------------

  freeze(wish: FreezeWish, now: number): Frozen {
    const known = this.freezes.find((one) => one.key === wish.key)
    if (known && this.session?.id === wish.session_id) return this.frozen(known, true)
    const refusal = this.freezeRefusal(wish)
    const open = this.freezes.find((one) => one.state === 'open')
    if (refusal) {
      const current = this.session?.id === wish.session_id ? this.cart() : null
      const held_by = refusal === 'cart_frozen' && open ? { held_by: { key: open.key, age_ms: now - open.at } } : {}
      return { ok: false, code: refusal, current, ...held_by }
    }
    return this.turn(() => {
      const allergies = [...this.members.values()]
        .filter((one) => one.allergies.length > 0 && !one.removed)
        .map((one) => ({ member_id: one.id, nickname: one.nickname, allergies: one.allergies }))
      const freeze: StoredFreeze = {
        key: wish.key,
        state: 'open',
        lines: this.lines,
        allergies,
        at: now,
        order_id: null,
      }
      this.putFreeze(freeze)
      if (this.session) this.session = { ...this.session, last_activity_at: now }
      return this.frozen(freeze, false)
    })
  }

  private freezeRefusal(wish: FreezeWish): CartRefusal | null {
    const { session } = this
    if (session?.id !== wish.session_id || session.status === 'closed') return 'session_closed'
    const member = wish.member_id === null ? null : this.members.get(wish.member_id)
    if (member === undefined || member?.removed) return 'unknown_member'
    if (this.by(session, member).pass_needed) return 'pass_required'
    if (this.freezes.some((one) => one.state === 'open')) return 'cart_frozen'
    if (wish.cart_version !== session.cart_version || wish.cart_hash !== this.hash) return 'stale_cart'
    return this.lines.length === 0 ? 'cart_empty' : null
  }

  private frozen(freeze: StoredFreeze, replayed: boolean): Frozen {
    const members = [...this.members.values()].map(seen)
    const { lines, allergies, order_id } = freeze
    return { ok: true, replayed, lines, members, allergies, order_id }
  }
  private putFreeze(freeze: StoredFreeze): void {
    this.freezes = [...this.freezes.filter((one) => one.key !== freeze.key), freeze]
    this.store.putFreeze(freeze)
  }

  markOrdered({
    key,
    order_id,
    status,
    pos_ticket,
  }: First<'markOrdered'>): Awaited<ReturnType<TableObject['markOrdered']>> {
    const freeze = this.freezes.find((one) => one.key === key)
    const { session } = this
    if (!freeze || !session) return { ok: false, code: 'unknown_key' }
    if (freeze.state === 'ordered') return { ok: true, replayed: true }
    return this.turn(() => {
      const line_ids = freeze.lines.map((line) => line.id)
      this.putFreeze({ ...freeze, state: 'ordered', order_id })
      this.lines = this.lines.filter((line) => !line_ids.includes(line.id))
      for (const id of line_ids) this.store.deleteLine(id)
      this.hash = cartHash(this.lines)
      const cart_version = session.cart_version + 1
      this.session = { ...session, cart_version }
      this.tell({
        type: 'cart_update',
        op: 'ordered',
        cart_version,
        cart_hash: this.hash,
        line: null,
        line_ids,
        by: null,
      })
      this.tell({ type: 'order_fired', order_id, status, pos_ticket })
      return { ok: true, replayed: false }
    })
  }

  unfreeze({ key }: First<'unfreeze'>): void {
    if (!this.freezes.some((one) => one.key === key && one.state === 'open')) return
    this.turn(() => {
      this.freezes = this.freezes.filter((one) => one.key !== key)
      this.store.deleteFreeze(key)
    })
  }

  // What others tell the table ---------------------------------------------------------------------------------------

  setMenu(menu: Menu): void {
    if (this.menu && menu.version <= this.menu.version) return
    const had = this.menu !== null
    this.turn(() => {
      this.menu = menu
      this.store.putMenu(menu)
      const ids = new Set(this.lines.map((line) => line.menu_item_id))
      for (const id of ids) this.setSoldOut(id, soldOut(menu, id))
      if (had && this.session?.status === 'active') this.tell({ type: 'notice', code: 'menu_changed' })
    })
  }

  menuChanged({ item, menu_version }: First<'menuChanged'>): void {
    const { menu } = this
    this.turn(() => {
      if (menu && (menu_version ?? menu.version) >= menu.version) {
        const categories = menu.categories.map((category) => ({
          ...category,
          items: category.items.map((one) => (one.id === item.id ? item : one)),
        }))
        // Only the very next version is this one with this one change.
        const version = menu_version === menu.version + 1 ? menu_version : menu.version
        this.menu = { ...menu, version, categories }
        this.store.putMenu(this.menu)
      }
      const sold_out = item.sold_out || !item.available
      this.setSoldOut(item.id, sold_out)
      if (this.session?.status === 'active')
        this.tell({ type: 'menu_update', menu_item_id: item.id, sold_out, stock: item.stock })
    })
  }

  private setSoldOut(menu_item_id: string, sold_out: boolean): void {
    const touched = this.lines.filter((line) => line.menu_item_id === menu_item_id && line.sold_out !== sold_out)
    this.lines = withSoldOut(this.lines, menu_item_id, sold_out)
    for (const line of touched) this.store.putLine({ ...line, sold_out })
  }

  /** To the phones of the session, if that is the one here and open. */
  say(session_id: string | null, message: Unnumbered): void {
    if (this.session?.status !== 'active' || (session_id !== null && this.session.id !== session_id)) return
    this.turn(() => this.tell(message))
  }

  /** What a phone has missed since a number; null where only the whole cart helps. */
  missedSince(seq: number): string[] | null {
    if (!this.session || seq > this.session.seq) return null
    return seq === this.session.seq ? [] : this.store.messagesAfter(seq)
  }
}

function comesAfter(session: SessionFacts, known: StoredSession): boolean {
  return Date.parse(session.opened_at) >= Date.parse(known.opened_at)
}

function factsOf(session: SessionFacts): Pick<StoredSession, 'pass_required' | 'currency' | 'timezone' | 'version'> {
  const { pass_required, currency, timezone, version } = session
  return { pass_required, currency, timezone, version }
}

/** A member as the others see it. */
function seen({ id, nickname, is_host, allergies, online }: StoredMember): Member {
  return { id, nickname, is_host, allergies, online }
}

function soldOut(menu: Menu, id: string): boolean {
  const found = findItem(menu, id)
  return !found || found.item.sold_out || !found.item.available
}

function wallMinute(now: number, timezone: string): { weekday: number; minute: number } {
  const { date, minute } = wallOf(now, timezone)
  return { weekday: isoWeekday(date), minute }
}

function certain(message: ServerMessage | null): ServerMessage {
  if (!message) throw new Error('there is no session to tell')
  return message
}
