import type { Deed, Seat } from './deed.ts'

/** That a party may have had its tables, while its clients lived from `since` until `to` on this process's clock. */
export type Stay = {
  reservation: string
  tables: string[]
  from: number
  until: number
  party: number
  since: number
  to: number
  /** A hold stands in nobody's way from then on; Infinity for a reservation. */
  expires_at: number
}

/**
 * What the acknowledged deeds of one house say about who sat where and when. Each stay is as long as it can have been:
 * from the question that made it to the answer that ended it, so that nobody is accused for a race that was fair.
 */
export function staysOf(deeds: Deed[], buffer_minutes: number): Stay[] {
  const histories = new Map<string, { deed: Deed; seat: Seat }[]>()
  for (const deed of deeds) {
    if (deed.verb === 'read' || deed.status >= 300 || !deed.seat) continue
    const history = histories.get(deed.seat.id) ?? []
    histories.set(deed.seat.id, [...history, { deed, seat: deed.seat }])
  }
  return [...histories.values()].flatMap((history) => {
    const inOrder = history.toSorted((a, b) => a.seat.version - b.seat.version)
    return inOrder.flatMap(({ deed, seat }, index) => {
      if (deed.verb === 'cancel' || deed.verb === 'release') return []
      const next = inOrder[index + 1]
      return [
        {
          reservation: seat.id,
          tables: seat.tables,
          from: seat.starts_at,
          until: seat.ends_at + buffer_minutes * 60_000,
          party: seat.party,
          since: deed.sent_at,
          to: next ? next.deed.answered_at : Infinity,
          expires_at: seat.expires_at ?? Infinity,
        },
      ]
    })
  })
}

/** Repeats of one key are one deed: asked when the first of them was, answered as they all were. */
export function withoutRepeats(deeds: Deed[]): Deed[] {
  const byKey = new Map<string, Deed>()
  for (const deed of deeds.toSorted((a, b) => a.sent_at - b.sent_at)) {
    const name = `${deed.house.id} ${deed.key}`
    if (deed.code !== 'idempotency_key_reused' && !byKey.has(name)) byKey.set(name, deed)
  }
  return [...byKey.values()]
}
