import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as z from 'zod'
import { readBody, sendJson } from './service.ts'

/**
 * Reads the JSON body of a control call; an empty body counts as `{}`.
 * Where it does not fit, the caller has already been answered with 400 and gets undefined.
 */
export async function readControl<Shape extends z.ZodType>(
  request: IncomingMessage,
  response: ServerResponse,
  shape: Shape,
): Promise<z.output<Shape> | undefined> {
  const parsed = shape.safeParse(parseJson((await readBody(request)).toString() || '{}'))
  if (parsed.success) return parsed.data
  sendJson(response, 400, {
    error: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  })
  return undefined
}

/** Reads a control call, does it, and answers with what `run` returns; what it throws is told with 500. */
export async function answerControl<Shape extends z.ZodType>(
  request: IncomingMessage,
  response: ServerResponse,
  shape: Shape,
  run: (wanted: z.output<Shape>) => unknown,
): Promise<void> {
  const wanted = await readControl(request, response, shape)
  if (wanted === undefined) return
  try {
    sendJson(response, 200, (await run(wanted)) ?? { ok: true })
  } catch (error) {
    sendJson(response, 500, { error: error instanceof Error ? error.message : String(error) })
  }
}

/** The value of a JSON text, or undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Resolves after so many milliseconds, without keeping the process alive for it. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
