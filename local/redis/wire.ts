import * as z from 'zod'
import type { Redis } from './database.ts'
import { RedisError, type Reply } from './reply.ts'

/** One command as @upstash/redis writes it: numbers and booleans may be bare. */
export const Words = z
  .array(z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .min(1)
  .max(1_000_000)

type Outcome = { result: unknown } | { error: string }

/** Does one command and writes its answer, in base64 where the caller asked for it. */
export function outcome(redis: Redis, words: string[], base64: boolean): Outcome {
  try {
    return { result: encode(redis.call(words), base64) }
  } catch (error) {
    return { error: refusal(error) }
  }
}

/** All of them or, where one could never run, none. */
export function transaction(redis: Redis, commands: string[][], base64: boolean): Outcome[] | { error: string } {
  try {
    for (const words of commands) redis.check(words)
  } catch (error) {
    return { error: `EXECABORT Transaction discarded because of: ${refusal(error)}` }
  }
  return commands.map((words) => outcome(redis, words, base64))
}

function refusal(error: unknown): string {
  if (error instanceof RedisError) return error.message
  throw error
}

/** Every string in base64, except an answer that is exactly `OK`; numbers and null stay as they are. */
function encode(reply: Reply, base64: boolean): unknown {
  return reply !== null && textOf(reply) === 'OK' ? 'OK' : encodeInside(reply, base64)
}

function encodeInside(reply: Reply, base64: boolean): unknown {
  if (Array.isArray(reply)) return reply.map((one) => encodeInside(one, base64))
  const text = textOf(reply)
  if (text === undefined) return reply
  return base64 ? Buffer.from(text).toString('base64') : text
}

function textOf(reply: Reply): string | undefined {
  if (typeof reply === 'string') return reply
  return reply !== null && typeof reply === 'object' && !Array.isArray(reply) ? reply.status : undefined
}
