import type { Ctx } from '../platform/ctx.ts'
import { calendarOf } from '../reservations/calendar/rules.ts'
import { manageUrl } from '../reservations/manage/token.ts'
import type { Restaurant } from '../restaurants/schema.ts'
import { contentOf, type Links } from './content-rules.ts'
import { messageUrl, stopUrl, subjectUrl } from './link.ts'
import type { Content, Facts, Kind, LeasedMessage } from './schema.ts'

type ComposeCtx = Pick<Ctx, 'secrets'>

/** R163. A message as things are now, with its links and, of a reservation by mail, its calendar file. */
export async function composeMessage(
  ctx: ComposeCtx,
  message: LeasedMessage,
  facts: Facts,
  restaurant: Restaurant,
): Promise<Content> {
  const attachments = message.channel === 'mail' ? await calendarFor(ctx, message.kind, facts, restaurant) : []
  return contentOf(message, facts, restaurant, await linksOf(ctx, message), attachments)
}

/** Nothing can be done any more with what is cancelled. */
const ended = new Set<Kind>(['cancelled', 'cancelled_by_house', 'declined', 'no_show', 'series_cancelled'])

async function linksOf({ secrets }: ComposeCtx, message: LeasedMessage): Promise<Links> {
  const { id, kind, channel } = message
  const reaches = !ended.has(kind) && message.subject_type !== 'series'
  const link = reaches ? await (channel === 'sms' ? messageUrl(secrets, id) : subjectUrl(secrets, message)) : null
  return { link, stop: channel === 'mail' && stoppable(kind) ? await stopUrl(secrets, id) : null }
}

/** What a guest may have no more of by mail; the rest belongs to a booking of theirs. */
export function stoppable(kind: Kind): boolean {
  return kind === 'reminder' || kind === 'no_show'
}

const withFile = new Set<Kind>(['confirmation', 'approved', 'changed', 'cancelled', 'cancelled_by_house', 'declined'])

async function calendarFor(
  { secrets }: ComposeCtx,
  kind: Kind,
  { reservation }: Facts,
  restaurant: Restaurant,
): Promise<Content['attachments']> {
  if (!reservation || !withFile.has(kind)) return []
  const { method, body } = calendarOf(reservation, restaurant, await manageUrl(secrets, reservation), 'sent')
  return [
    {
      filename: `${restaurant.slug}-${reservation.confirmation_code}.ics`,
      content: base64(body),
      content_type: `text/calendar; charset=utf-8; method=${method}`,
    },
  ]
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}
