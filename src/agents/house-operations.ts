import { clock, minutesOf, wallOf } from '../platform/time.ts'
import { doorsAt, largestParty } from '../restaurants/context-rules.ts'
import { servicesOn } from '../restaurants/rules.ts'
import { type Operation, operation } from './operation.ts'
import { RestaurantInfoInput, RestaurantInfoOutput } from './operation-schema.ts'
import type { Speech } from './speech.ts'

export const restaurantInfo: Operation = operation({
  name: 'restaurant_info',
  title: 'About the restaurant',
  description:
    'Opening hours of a day, where the house is, how it is reached, and its rules for bookings. For dishes and allergens use menu_info; for free tables check_availability.',
  input: RestaurantInfoInput,
  output: RestaurantInfoOutput,
  scope: 'agents:read',
  reads: true,
  idempotent: true,
  destructive: false,
  run({ restaurant, now }, { topic, date }) {
    const { address, phone, email, settings, timezone } = restaurant
    const day = date ?? wallOf(now, timezone).date
    const openings = servicesOn(restaurant, day).map((one) => ({
      opens: clock(one.opens_minute),
      closes: one.closes_minute === 1440 ? '24:00' : clock(one.closes_minute),
    }))
    const { grace_minutes, horizon_days, min_notice_minutes } = settings
    return Promise.resolve({
      topic,
      open_now: doorsAt(restaurant, now).open,
      date: day,
      openings,
      address,
      phone,
      email,
      largest_party: largestParty(restaurant),
      grace_minutes,
      horizon_days,
      min_notice_minutes,
    })
  },
  speak(info, speech) {
    const told = {
      hours: [hoursTold(info, speech)],
      location: info.address === null ? [] : [speech.address(info.address)],
      contact: contactTold(info, speech),
      policies: [
        speech.largest_party(speech.party(info.largest_party)),
        ...(info.grace_minutes > 0 ? [speech.grace(info.grace_minutes)] : []),
        speech.horizon(info.horizon_days),
      ],
    }
    const { hours, location, contact, policies } = told
    const sentences = info.topic === 'all' ? [...hours, ...location, ...contact, ...policies] : told[info.topic]
    return sentences.length === 0 ? speech.no_fact : sentences.join(' ')
  },
})

type Hours = { date: string; openings: { opens: string; closes: string }[] }

function hoursTold({ date, openings }: Hours, speech: Speech): string {
  if (openings.length === 0) return speech.closed(speech.day(date))
  const time = (wall: string): string => (minutesOf(wall) % 1440 === 0 ? speech.midnight : speech.time(wall))
  const spans = openings.map(({ opens, closes }) => speech.hours(time(opens), time(closes)))
  return speech.open(speech.day(date), speech.list(spans))
}

function contactTold({ phone, email }: { phone: string | null; email: string | null }, speech: Speech): string[] {
  const ways = [phone, email].filter((one) => one !== null)
  return ways.length === 0 ? [] : [speech.contact(speech.list(ways, true))]
}
