import type { Handler } from 'hono'
import { elevenLabsDoor } from '../src/agents/doors/elevenlabs.ts'
import { openAiDoor } from '../src/agents/doors/openai.ts'
import { retellDoor } from '../src/agents/doors/retell.ts'
import { twilioDoor } from '../src/agents/doors/twilio.ts'
import { vapiDoor } from '../src/agents/doors/vapi.ts'
import { mostReportBytes, readText } from '../src/platform/body.ts'
import { Problem } from '../src/platform/problem.ts'
import { edgeCtx, type EdgeEnv } from '../src/platform/serve.ts'
import { VoiceVendor } from '../src/restaurants/integrations-schema.ts'

const doors = {
  vapi: vapiDoor,
  retell: retellDoor,
  elevenlabs: elevenLabsDoor,
  openai: openAiDoor,
  twilio: twilioDoor,
}

/** A voice platform’s webhook: the raw body to its vendor’s door, which believes nothing before the signature. */
export const voiceWebhook: Handler<EdgeEnv> = async (c) => {
  const vendor = VoiceVendor.safeParse(c.req.param('vendor'))
  if (!vendor.success) throw new Problem('not_found')
  const { pathname, search } = new URL(c.req.url)
  return doors[vendor.data](edgeCtx(c), {
    slug: c.req.param('slug') ?? '',
    operation: c.req.param('operation') ?? null,
    headers: c.req.raw.headers,
    body: await readText(c.req.raw, mostReportBytes),
    path_and_query: pathname + search,
  })
}
