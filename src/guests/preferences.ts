import { withRetry } from '../platform/db.ts'
import type { Result, TenantCtx } from '../platform/endpoint.ts'
import { Problem } from '../platform/problem.ts'
import { isoAt } from '../platform/time.ts'
import { selectHabits } from './history-queries.ts'
import { learnedOf } from './rules.ts'
import type { Preferences } from './history-schema.ts'

/** R174. What a guest likes: learned from their last fifty visits, and stated; each with its evidence. */
export async function guestPreferences(ctx: TenantCtx, id: string): Promise<Result<Preferences>> {
  const { restaurant } = ctx
  const found = await withRetry(() => selectHabits(ctx.db, restaurant.id, id), ctx.request_id)
  if (!found) throw new Problem('not_found', { detail: 'There is no such guest.' })
  const { guest, habits } = found
  const { allergies, notes, tags, language, birthday } = guest
  return {
    data: {
      visits: habits.visits,
      learned: learnedOf(habits.habits, habits.visits, habits.visits_with_orders),
      stated: {
        allergies,
        notes,
        tags,
        language,
        birthday,
        areas: habits.asked_areas,
        requests: habits.requests.map((one) => ({ ...one, at: isoAt(Date.parse(one.at), restaurant.timezone) })),
      },
    },
  }
}
