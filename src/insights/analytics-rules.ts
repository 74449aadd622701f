import type * as z from 'zod'
import { halfHourOf, inServiceOrder, percentileOf, shareOf } from './rules.ts'
import {
  type DeniedRow,
  type Figure,
  type GuestRow,
  leads,
  type LeadRow,
  type OccupancyRow,
  type OutcomeRow,
  type PeakRow,
  type RevenueRow,
  type SourceRow,
  type StaffRow,
  type TableRow,
  type TurnRow,
} from './schema.ts'

/** What the rows are made of: figures in order of group, the days of each group, and the house's currency. */
export type Material = { figures: readonly Figure[]; days: ReadonlyMap<string, number>; currency: string }
type Sums = Omit<Figure, 'group' | 'kind' | 'key' | 'bin' | 'label'>
type Outcomes = Omit<z.infer<typeof OutcomeRow>, 'group' | 'days'>

const none: Sums = {
  parties: 0,
  covers: 0,
  seated_parties: 0,
  seated_covers: 0,
  cancelled_parties: 0,
  cancelled_covers: 0,
  no_show_parties: 0,
  no_show_covers: 0,
  seconds: 0,
  planned_seconds: 0,
  orders: 0,
  amount_minor: 0,
}

function add(a: Sums, b: Sums): Sums {
  return {
    parties: a.parties + b.parties,
    covers: a.covers + b.covers,
    seated_parties: a.seated_parties + b.seated_parties,
    seated_covers: a.seated_covers + b.seated_covers,
    cancelled_parties: a.cancelled_parties + b.cancelled_parties,
    cancelled_covers: a.cancelled_covers + b.cancelled_covers,
    no_show_parties: a.no_show_parties + b.no_show_parties,
    no_show_covers: a.no_show_covers + b.no_show_covers,
    seconds: a.seconds + b.seconds,
    planned_seconds: a.planned_seconds + b.planned_seconds,
    orders: a.orders + b.orders,
    amount_minor: a.amount_minor + b.amount_minor,
  }
}

const minutesOf = (seconds: number): number => Math.round(seconds / 6) / 10
const perOf = (minor: number, n: number): number | null => (n > 0 ? Math.round(minor / n) : null)
const meanMinutes = (seconds: number, n: number): number | null => (n > 0 ? minutesOf(seconds / n) : null)

function outcomesOf(sums: Sums): Outcomes {
  const { parties, covers, seated_parties, seated_covers } = sums
  const { cancelled_parties, cancelled_covers, no_show_parties, no_show_covers } = sums
  return {
    parties,
    covers,
    seated_parties,
    seated_covers,
    cancelled_parties,
    cancelled_covers,
    no_show_parties,
    no_show_covers,
    cancellation_rate: shareOf(cancelled_parties, parties),
    cancellation_rate_covers: shareOf(cancelled_covers, covers),
    no_show_rate: shareOf(no_show_parties, parties - cancelled_parties),
    no_show_rate_covers: shareOf(no_show_covers, covers - cancelled_covers),
  }
}

/** Every group of the range, with its figures by kind: a group in which nothing happened is there too. */
function groupsOf({ figures, days }: Material): { group: string; days: number; figures: Figure[] }[] {
  const byGroup = new Map<string, Figure[]>([...days.keys()].map((group) => [group, []]))
  for (const figure of figures) {
    const known = byGroup.get(figure.group)
    if (known) known.push(figure)
    else byGroup.set(figure.group, [figure])
  }
  return [...byGroup]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, of]) => ({ group, days: days.get(group) ?? 0, figures: of }))
}

function sumOf(figures: readonly Figure[], kind: string, key = ''): Sums {
  return figures.filter((one) => one.kind === kind && one.key === key).reduce<Sums>(add, none)
}

/** One entry a key, in order of what `sort` makes of it; figures of several kinds are told apart by their kind. */
function byKey<K>(figures: readonly Figure[], keyOf: (figure: Figure) => K, sort: (key: K) => number): [K, Figure[]][] {
  const keys = new Map<K, Figure[]>()
  for (const figure of figures) {
    const key = keyOf(figure)
    const known = keys.get(key)
    if (known) known.push(figure)
    else keys.set(key, [figure])
  }
  return [...keys].toSorted(([a], [b]) => sort(a) - sort(b))
}
const total = (figures: readonly Figure[], ...kinds: string[]): Sums =>
  figures.filter((one) => kinds.includes(one.kind)).reduce<Sums>(add, none)

export function occupancyRows(material: Material): z.infer<typeof OccupancyRow>[] {
  return groupsOf(material).map(({ group, days, figures }) => {
    const { seconds } = total(figures, 'seats')
    const { planned_seconds } = total(figures, 'open')
    const { seated_parties, seated_covers } = sumOf(figures, 'all')
    return {
      group,
      days,
      seat_minutes: minutesOf(seconds),
      available_seat_minutes: minutesOf(planned_seconds),
      occupancy: shareOf(seconds, planned_seconds),
      seated_parties,
      seated_covers,
    }
  })
}

export function peakRows(material: Material): z.infer<typeof PeakRow>[] {
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    byKey(figures, (one) => one.bin, inServiceOrder).map(([minute, of]) => {
      const { parties, seated_parties, seated_covers } = total(of, 'arrival')
      const { seconds } = total(of, 'seats')
      const { planned_seconds } = total(of, 'open')
      return {
        group,
        days,
        time: halfHourOf(minute),
        parties,
        seated_parties,
        seated_covers,
        seat_minutes: minutesOf(seconds),
        available_seat_minutes: minutesOf(planned_seconds),
        occupancy: shareOf(seconds, planned_seconds),
      }
    }),
  )
}

const partyOrder = ['all', '1', '2', '3-4', '5-6', '7-8', '9+']

export function turnRows(material: Material): z.infer<typeof TurnRow>[] {
  return groupsOf(material).flatMap(({ group, days, figures }) => {
    const everyone = figures.map((one) => ({ ...one, key: 'all' }))
    return byKey(
      [...everyone, ...figures],
      (one) => one.key,
      (key) => partyOrder.indexOf(key),
    ).map(([party, of]) => {
      const actual = binsOf(of, 'turn')
      const planned = binsOf(of, 'turn_planned')
      return {
        group,
        days,
        party,
        parties: total(of, 'turn').parties,
        planned_p50_minutes: percentileOf(planned, 0.5),
        planned_p90_minutes: percentileOf(planned, 0.9),
        actual_p50_minutes: percentileOf(actual, 0.5),
        actual_p90_minutes: percentileOf(actual, 0.9),
      }
    })
  })
}

function binsOf(figures: readonly Figure[], kind: string): Map<number, number> {
  const bins = new Map<number, number>()
  for (const one of figures) if (one.kind === kind) bins.set(one.bin, (bins.get(one.bin) ?? 0) + one.parties)
  return bins
}

const leadEnds = [0, 1, 3, 7, 14, 30]

function leadBucket(days: number): number {
  const at = leadEnds.findIndex((end) => days <= end)
  return at === -1 ? leadEnds.length : at
}

export function leadRows(material: Material): z.infer<typeof LeadRow>[] {
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    byKey(
      figures,
      (one) => leadBucket(one.bin),
      (bucket) => bucket,
    ).flatMap(([bucket, of]) => {
      const lead = leads[bucket]
      return lead === undefined ? [] : [{ group, days, lead, ...outcomesOf(total(of, 'lead')) }]
    }),
  )
}

export function sourceRows(material: Material): z.infer<typeof SourceRow>[] {
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    byKey(
      figures,
      (one) => one.key,
      () => 0,
    )
      .map(([source, of]) => ({ group, days, source, ...outcomesOf(total(of, 'source')) }))
      .toSorted((a, b) => b.parties - a.parties),
  )
}

export function outcomeRows(material: Material): z.infer<typeof OutcomeRow>[] {
  return groupsOf(material).map(({ group, days, figures }) => ({ group, days, ...outcomesOf(sumOf(figures, 'all')) }))
}

export function revenueRows(material: Material): z.infer<typeof RevenueRow>[] {
  return groupsOf(material).map(({ group, days, figures }) => {
    const gross = sumOf(figures, 'revenue', 'gross')
    const { seated_covers } = sumOf(figures, 'all')
    const { planned_seconds } = total(figures, 'open')
    return {
      group,
      days,
      currency: material.currency,
      orders: gross.orders,
      sessions: gross.parties,
      revenue_minor: gross.amount_minor,
      tax_minor: sumOf(figures, 'revenue', 'tax').amount_minor,
      seated_covers,
      revenue_per_cover_minor: perOf(gross.amount_minor, seated_covers),
      revenue_per_order_minor: perOf(gross.amount_minor, gross.orders),
      revenue_per_seat_hour_minor: perOf(gross.amount_minor, planned_seconds / 3600),
    }
  })
}

export function guestRows(material: Material): z.infer<typeof GuestRow>[] {
  const kinds = ['new', 'returning', 'unknown'] as const
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    kinds.map((guest) => ({ group, days, guest, ...outcomesOf(sumOf(figures, 'guest', guest)) })),
  )
}

export function staffRows(material: Material): z.infer<typeof StaffRow>[] {
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    byKey(
      figures,
      (one) => one.key,
      () => 0,
    ).map(([staff_key, of]) => {
      const sums = total(of, 'staff')
      return {
        group,
        days,
        staff_key,
        name: of.at(-1)?.label ?? null,
        seated_parties: sums.seated_parties,
        seated_covers: sums.seated_covers,
        completed_parties: sums.parties,
        mean_turn_minutes: meanMinutes(sums.seconds, sums.parties),
        mean_planned_minutes: meanMinutes(sums.planned_seconds, sums.parties),
        orders: sums.orders,
        revenue_minor: sums.amount_minor,
      }
    }),
  )
}

export function deniedRows(material: Material): z.infer<typeof DeniedRow>[] {
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    byKey(
      figures,
      (one) => `${one.key} ${one.bin}`,
      () => 0,
    )
      .toSorted(([, a], [, b]) => inServiceOrder(a[0]?.bin ?? 0) - inServiceOrder(b[0]?.bin ?? 0))
      .map(([, of]) => {
        const asked = total(of, 'denied')
        const lost = total(of, 'lost')
        return {
          group,
          days,
          reason: of[0]?.key ?? '',
          time: halfHourOf(of[0]?.bin ?? 0),
          asks: asked.parties,
          covers_asked: asked.covers,
          lost_parties: lost.parties,
          lost_covers: lost.covers,
        }
      }),
  )
}

export function tableRows(material: Material): z.infer<typeof TableRow>[] {
  const inOrder = new Intl.Collator('en', { numeric: true })
  return groupsOf(material).flatMap(({ group, days, figures }) =>
    byKey(
      figures,
      (one) => one.key,
      () => 0,
    )
      .map(([table_id, of]) => {
        const sat = total(of, 'table')
        const open = total(of, 'open_table')
        const bills = total(of, 'table_revenue')
        return {
          group,
          days,
          table_id,
          number: of.find((one) => one.label !== null)?.label ?? '',
          parties: sat.seated_parties,
          covers: sat.seated_covers,
          seated_minutes: minutesOf(sat.seconds),
          available_minutes: minutesOf(open.planned_seconds),
          utilisation: shareOf(sat.seconds, open.planned_seconds),
          parties_a_day: shareOf(sat.seated_parties, days),
          orders: bills.orders,
          revenue_minor: bills.amount_minor,
        }
      })
      .toSorted((a, b) => inOrder.compare(a.number, b.number)),
  )
}
