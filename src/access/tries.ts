import type { Ctx } from '../platform/ctx.ts'
import { log } from '../platform/log.ts'
import { Problem } from '../platform/problem.ts'

const mostWrong = 5
const windowMs = 60_000

// One step in Redis, so that a thousand guesses at once are counted one after the other: once five were wrong, a right
// one among the rest is not told apart. Right ones cost nothing: eight phones on one Wi-Fi may all be right.
const script = `
for i = 1, #KEYS do
  if tonumber(redis.call('get', KEYS[i]) or '0') >= tonumber(ARGV[1]) then
    return math.max(1, redis.call('pttl', KEYS[i]))
  end
end
if ARGV[2] == '1' then return 0 end
for i = 1, #KEYS do
  if redis.call('incr', KEYS[i]) == 1 then redis.call('pexpire', KEYS[i], ARGV[3]) end
end
return -1`

/**
 * Whether a guess was right, if it may be told: five wrong ones a minute for each of `names`, then `rate_limited`. With
 * Redis out of reach nobody is told anything (`unavailable`): a guess that is not counted would be free.
 */
export async function judgeTry(
  ctx: Pick<Ctx, 'redis' | 'request_id'>,
  names: readonly string[],
  right: boolean,
): Promise<boolean> {
  const keys = names.map((name) => `tries:${name}`)
  let verdict: number
  try {
    verdict = Number(await ctx.redis.eval(script, keys, [mostWrong, right ? '1' : '0', windowMs]))
  } catch (error) {
    log('error', 'tries_unavailable', { request_id: ctx.request_id, reason: String(error) })
    throw new Problem('unavailable', { retry_after_seconds: 5 })
  }
  if (verdict > 0) throw new Problem('rate_limited', { retry_after_seconds: Math.ceil(verdict / 1000) })
  return verdict === 0
}
