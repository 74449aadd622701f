import type pg from 'pg'
import { isMac } from '../../src/access/secret-key.ts'
import { sealLabel, sealText } from '../../src/insights/audit-rules.ts'
import {
  type AuditedEvent,
  contentDigest,
  type Entry,
  eventDigest,
  type Redaction,
  redactionsDigest,
  rootOf,
  type Seal,
  sealDigest,
} from './chain.ts'
import { countUnsealed, type House, readAccounts, readEntries, readRedactions, readSeals, readStrays } from './read.ts'

export type Verdict = {
  slug: string
  events: number
  seals: number
  unsealed: number
  /** Seals that nothing but the chain speaks for: no key was given, or the job was interrupted. */
  unsigned: number
  purged_seals: number
  erasures: number
  head: { seal_no: number; digest: string } | null
  /** What is wrong, the first of it first; empty where all is well. */
  broken: string[]
}

/** What the checker was told from outside: the keys that seals were signed with, and a head somebody kept. */
export type Known = { sealing_keys: string[]; head: { seal_no: number; digest: string } | null }

const sealsAtOnce = 50

/** Checks the trail of one house from its first seal to its last; reads only. */
export async function verifyHouse(client: pg.Client, house: House, known: Known): Promise<Verdict> {
  const seals = await readSeals(client, house.id)
  const redactions = await readRedactions(client, house.id)
  const accounts = await readAccounts(client, house.id)
  const purged = purgedThrough(accounts)
  const broken: string[] = [
    ...(await brokenSeals(seals, known)),
    ...brokenHead(seals, known),
    ...brokenErasures(accounts, redactions),
  ]
  const byEvent = Map.groupBy(redactions, (one) => one.event_id)
  let events = 0
  for (let i = 0; i < seals.length; i += sealsAtOnce) {
    const some = seals.slice(i, i + sealsAtOnce)
    const entries = await readEntries(client, house.id, some[0]?.seal_no ?? 0, some.at(-1)?.seal_no ?? 0)
    const bySeal = Map.groupBy(entries, (one) => one.seal_no)
    for (const seal of some) {
      const own = bySeal.get(seal.seal_no) ?? []
      events += own.length
      if (seal.seal_no <= purged) {
        if (own.length > 0) broken.push(`seal ${seal.seal_no}: was purged, and has entries`)
      } else broken.push(...brokenEntries(seal, own, byEvent))
    }
  }
  for (const stray of await readStrays(client, house.id)) broken.push(`event ${stray.event_id}: ${stray.what}`)
  const last = seals.at(-1)
  return {
    slug: house.slug,
    events,
    seals: seals.length,
    unsealed: await countUnsealed(client, house.id),
    unsigned: known.sealing_keys.length === 0 ? seals.length : seals.filter((one) => one.signature === null).length,
    purged_seals: purged,
    erasures: accounts.filter((one) => one.type === 'guest.erased').length,
    head: last ? { seal_no: last.seal_no, digest: last.digest.toString('hex') } : null,
    broken,
  }
}

async function brokenSeals(seals: readonly Seal[], known: Known): Promise<string[]> {
  const broken: string[] = []
  let before: Seal | undefined
  for (const seal of seals) {
    const say = (what: string): number => broken.push(`seal ${seal.seal_no}: ${what}`)
    if (seal.seal_no !== (before?.seal_no ?? 0) + 1) say('does not follow the seal before it')
    if (!same(seal.previous, before?.digest ?? null)) say('is not sealed over the seal before it')
    if (BigInt(seal.total) !== BigInt(before?.total ?? 0) + BigInt(seal.events)) say('does not add up')
    if (!sealDigest(seal).equals(seal.digest)) say('is not what its digest was made of')
    if (seal.signature === null) {
      // The job signs a seal in the same breath; only one that it was interrupted at may lack it.
      if (seal !== seals.at(-1) && known.sealing_keys.length > 0) say('was never signed')
    } else if (known.sealing_keys.length > 0 && !(await isSigned(seal, seal.signature, known.sealing_keys))) {
      say('was not signed by us')
    }
    before = seal
  }
  return broken
}

async function isSigned(seal: Seal, signature: string, keys: readonly string[]): Promise<boolean> {
  const text = sealText(seal.restaurant_id, seal.seal_no, seal.digest.toString('hex'))
  for (const key of keys) if (await isMac(key, sealLabel, text, signature)) return true
  return false
}

function brokenHead(seals: readonly Seal[], { head }: Known): string[] {
  if (!head) return []
  const found = seals.find((one) => one.seal_no === head.seal_no)
  if (found?.digest.toString('hex') === head.digest) return []
  return [`seal ${head.seal_no}: ${found ? 'is another than the one that was kept' : 'is gone'}`]
}

function brokenEntries(seal: Seal, entries: readonly Entry[], redactions: Map<string, Redaction[]>): string[] {
  const broken = entries.flatMap((one) => {
    const what = brokenEntry(one, redactions.get(one.event_id) ?? [])
    return what === null ? [] : [`event ${one.event_id}: ${what}`]
  })
  if (entries.length !== seal.events)
    broken.push(`seal ${seal.seal_no}: has ${entries.length} of ${seal.events} entries`)
  const [first, last] = [entries[0]?.event_id, entries.at(-1)?.event_id]
  if (first !== seal.first_event_id || last !== seal.last_event_id || !rootOf(entries).equals(seal.root))
    broken.push(`seal ${seal.seal_no}: its entries are not those that were sealed`)
  return broken
}

/** What is wrong with one event, or null. Its content may have been replaced by erasures, each accounted for in turn. */
function brokenEntry(entry: Entry, redactions: readonly Redaction[]): string | null {
  const { event } = entry
  if (!event) return 'is gone'
  if (entry.at_micros !== event.at_micros || entry.type !== event.type || entry.actor_key !== event.actor_key)
    return 'is looked for under what it is not'
  const present = contentDigest(event, entry.salt)
  let content = redactions[0]?.old_content ?? present
  if (!eventDigest(event, content).equals(entry.digest)) return 'is not what was sealed'
  for (const one of redactions) {
    if (!one.old_content.equals(content)) return `was something else before erasure ${one.erasure_id}`
    content = one.new_content
  }
  return content.equals(present) ? null : 'was changed after it was erased'
}

type Account = { redacted?: unknown; digest?: unknown; through_seal?: unknown }

function accountOf(event: AuditedEvent): Account {
  const said: unknown = JSON.parse(event.after ?? 'null')
  return typeof said === 'object' && said !== null ? said : {}
}

function purgedThrough(accounts: readonly AuditedEvent[]): number {
  const through = accounts.map((one) => (one.type === 'audit.purged' ? Number(accountOf(one).through_seal) : 0))
  return Math.max(0, ...through)
}

/** Every redaction belongs to the event of an erasure that says how many there were and what they came to. */
function brokenErasures(accounts: readonly AuditedEvent[], redactions: readonly Redaction[]): string[] {
  const byErasure = Map.groupBy(redactions, (one) => one.erasure_id)
  const broken: string[] = []
  for (const event of accounts) {
    if (event.type !== 'guest.erased') continue
    const own = byErasure.get(event.id) ?? []
    byErasure.delete(event.id)
    const said = accountOf(event)
    if (said.redacted !== own.length || said.digest !== redactionsDigest(own))
      broken.push(`erasure ${event.id}: its redactions are not those it speaks of`)
  }
  for (const id of byErasure.keys()) broken.push(`erasure ${id}: nobody asked for it`)
  return broken
}

function same(one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other)
}
