import type { VoiceVendor } from '../../restaurants/integrations-schema.ts'
import { inputSchema, operations } from '../registry.ts'

type Json = { [key: string]: unknown }

/** Where a vendor sends what happens in calls of a house. */
export function doorUrl(public_origin: string, vendor: VoiceVendor, slug: string): string {
  return new URL(`/webhooks/voice/${vendor}/${slug}`, public_origin).href
}

/** R245. The operations as a vendor wants its tools described; to be pasted there, or sent when a call comes in. */
export function toolsFor(vendor: VoiceVendor, public_origin: string, slug: string): Json[] {
  const url = doorUrl(public_origin, vendor, slug)
  return operations.map((one) => {
    const { name, description } = one
    const parameters = plain(inputSchema(one))
    switch (vendor) {
      case 'vapi':
        return { type: 'function', function: { name, description, parameters } }
      case 'retell':
        return { type: 'custom', name, description, url, method: 'POST', speak_after_execution: true, parameters }
      case 'elevenlabs':
        return { type: 'webhook', name, description, api_schema: elevenLabsRequest(`${url}/${name}`, parameters) }
      case 'openai':
        return { type: 'function', name, description, parameters }
      case 'twilio':
        return { name, description, method: 'POST', url: `${url}/${name}`, input_schema: parameters }
    }
  })
}

const from = (variable_name: string): Json => ({ variable_name })

function elevenLabsRequest(url: string, parameters: Json): Json {
  return {
    url,
    method: 'POST',
    request_headers: {
      'x-tableside-secret': { secret_id: 'the workspace secret that holds the secret of this integration' },
      'x-conversation-id': from('system__conversation_id'),
      'x-call-sid': from('system__call_sid'),
      'x-caller-id': from('system__caller_id'),
      'x-called-number': from('system__called_number'),
    },
    request_body_schema: parameters,
  }
}

const kept = new Set(['type', 'description', 'enum', 'items', 'properties', 'required', 'minimum', 'maximum'])
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What every vendor takes: no unions, for what may be null may be left out. The operation itself refuses the rest. */
function plain(schema: Json, name = ''): Json {
  const { anyOf, description, ...rest } = schema
  const one = Array.isArray(anyOf) ? anyOf.filter(isRecord).find((part) => part['type'] !== 'null') : undefined
  const all: Json = { ...rest, ...one }
  const words = description ?? all['description'] ?? name.replaceAll('_', ' ')
  const out: Json = words === '' ? {} : { description: words }
  for (const [key, value] of Object.entries(all)) {
    if (!kept.has(key) || key === 'description') continue
    if (key === 'properties' && isRecord(value)) {
      const inner = Object.entries(value).filter((entry): entry is [string, Json] => isRecord(entry[1]))
      out['properties'] = Object.fromEntries(inner.map(([own, part]) => [own, plain(part, own)]))
    } else out[key] = key === 'items' && isRecord(value) ? plain(value, name) : value
  }
  // The largest whole number there is says nothing.
  if (out['maximum'] === Number.MAX_SAFE_INTEGER) delete out['maximum']
  return out
}
