import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { isoAt } from '../platform/time.ts'
import { serviceAt } from '../restaurants/rules.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { datesAround, nearestOpen, wantedOf } from './nearest-rules.ts'
import { refuseUnknownArea } from './asked-area.ts'
import { readDays } from './availability.ts'
import { brokenRules, explanationSentence, type BrokenRule } from './explain-rules.ts'
import { arrivalOf, askOf } from './rules.ts'
import type { Claim, Explanation } from './schema.ts'

type Asked = { date: string; time: string; guests: number; area?: string | undefined }

/** Why this slot can't be booked: the rules that refuse it, what would open it, and the nearest slots that are open. */
export async function explainSlot(ctx: TenantCtx, asked: Asked): Promise<Result<Explanation>> {
  const dates = datesAround(asked.date)
  const { restaurant, claims } = await readDays(ctx, dates)
  refuseUnknownArea(restaurant, asked.area)
  return { data: explanationOf(restaurant, claims, asked, dates, ctx.now) }
}

export function explanationOf(
  restaurant: Restaurant,
  claims: Claim[],
  asked: Asked,
  dates: string[],
  now: number,
): Explanation {
  const { date, time, guests } = asked
  const area = asked.area ?? null
  const ask = askOf(restaurant, { party_size: guests, area })
  const arrival = arrivalOf({ date, time }, restaurant.timezone)
  const service = arrival ? serviceAt(restaurant, arrival.date, arrival.minute) : undefined
  const rules = arrival
    ? brokenRules({ restaurant, arrival, service, claims, ask, area, now })
    : [skippedTime(restaurant.timezone)]
  const nearest =
    rules.length > 0 ? nearestOpen(restaurant, claims, ask, dates, wantedOf(restaurant, { date, time }).at, now) : []
  return {
    bookable: rules.length === 0,
    date,
    time,
    starts_at: arrival ? isoAt(arrival.at, restaurant.timezone) : null,
    guests,
    rules,
    smallest_change: rules.flatMap((rule) => (rule.change ? [rule.change.sentence] : [])),
    nearest,
    sentence: explanationSentence({ time, guests }, rules, nearest, date),
  }
}

function skippedTime(timezone: string): BrokenRule {
  const because = 'the clocks go forward that night and skip that time'
  return { rule: 'nonexistent_time', setting: 'timezone', value: timezone, because, change: null }
}
