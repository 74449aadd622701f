import * as z from 'zod'

/** What is wrong with a request, and where; `path` from the root of what was sent. */
export type Mistake = { path: PropertyKey[]; message: string }

/** R296. What a shape has against a value, in words of our own: what the shape says itself, where it says something. */
export function mistakesOf(shape: z.ZodType, value: unknown): { data: unknown } | { mistakes: Mistake[] } {
  const parsed = shape.safeParse(value, { error: wordsOf })
  if (parsed.success) return { data: parsed.data }
  const found = oncePerPath(weighed(shape, parsed.error.issues, value))
  return { mistakes: found.map(({ path, message }) => ({ path, message })) }
}

type Weighed = Mistake & { weight: number }
const missing = 1
// The name was right: rather this shape with another value than another shape.
const wrong = 1.1

/** Of a union zod may have chosen a branch by its own lights: every one is asked again. */
function weighed(shape: z.ZodType, issues: z.core.$ZodIssue[], value: unknown): Weighed[] {
  if (!(shape instanceof z.ZodUnion) || value === undefined) return issues.flatMap((issue) => plain(issue, value))
  const branches: Weighed[][] = []
  for (const option of shape.options) {
    const parsed = z.safeParse(option, value, { error: wordsOf })
    if (!parsed.success) branches.push(parsed.error.issues.flatMap((issue) => plain(issue, value)))
  }
  return nearest(branches)
}

function plain(issue: z.core.$ZodIssue, root: unknown): Weighed[] {
  const { path } = issue
  const sent = at(root, path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], message: 'is not known here', weight: missing }))
  if (sent === undefined && issue.code !== 'custom') {
    const choice = issue.code === 'invalid_value' && issue.values.length > 1 ? `: ${issue.values.join(', ')}` : ''
    return [{ path, message: `is required${choice}`, weight: missing }]
  }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0)
    return [{ path, message: issue.message, weight: wrong }]
  const branches = issue.errors.map((branch) => branch.flatMap((one) => plain(one, sent)))
  return nearest(branches).map((one) => ({ ...one, path: [...path, ...one.path] }))
}

/** Of the shapes a value may have, the one that what was sent is nearest to speaks; of plain values, all. */
function nearest(branches: Weighed[][]): Weighed[] {
  const shapes = branches.map(oncePerPath)
  const weigh = (found: Weighed[]): number => found.reduce((sum, one) => sum + one.weight, 0)
  const [first = []] = shapes.toSorted((a, b) => weigh(a) - weigh(b))
  const [only] = first
  const words = shapes.map((found) => (found[0]?.path.length === 0 ? found[0].message : ''))
  if (only?.path.length !== 0 || !words.every((one) => one.startsWith('must be '))) return first
  const either = [...new Set(words)].map((one, i) => (i === 0 ? one : one.replace('must be ', '')))
  return [{ ...only, message: either.join(' or ') }]
}

/** The first thing wrong with a value is enough to say. */
function oncePerPath(found: Weighed[]): Weighed[] {
  const key = ({ path }: Weighed): string => JSON.stringify(path.map(String))
  return found.filter((one, i) => found.findIndex((other) => key(other) === key(one)) === i)
}

/** What was sent at a path; coerced it would read as something else. */
function at(root: unknown, path: PropertyKey[]): unknown {
  let here = root
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Object.entries(here).find(([name]) => name === String(key))?.[1]
  }
  return here
}

const kinds: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
}
const forms: Record<string, string> = {
  uuid: 'must be an id',
  guid: 'must be an id',
  email: 'must be an e-mail address',
  url: 'must be a URL',
  date: 'must be YYYY-MM-DD',
  datetime: 'must be an ISO 8601 date and time',
}

function wordsOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${isWhole(issue) ? 'a whole number' : (kinds[issue.expected] ?? 'something else')}`
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.join(', ')}`
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive ?? true)
    case 'too_big':
      return tooBig(issue.origin, Number(issue.maximum), issue.inclusive ?? true)
    case 'invalid_format':
      return forms[issue.format] ?? 'is not written as it should be'
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_key':
      return 'has a name that cannot be used'
    default:
      return 'is none of the shapes there are'
  }
}

/** Of a text in the place of a whole number zod says only that it is no number. */
function isWhole({ inst }: z.core.$ZodRawIssue): boolean {
  return inst instanceof z.ZodNumber && (inst.isInt || inst.format === 'safeint')
}

function tooSmall(origin: string, least: number, inclusive: boolean): string {
  if (origin === 'string') return least <= 1 ? 'must not be empty' : `must be at least ${least} characters long`
  if (origin === 'array' || origin === 'set')
    return least <= 1 ? 'must not be empty' : `must have at least ${least} entries`
  return inclusive ? `must be ${least} or more` : `must be more than ${least}`
}

function tooBig(origin: string, most: number, inclusive: boolean): string {
  if (origin === 'string') return `must be at most ${most} characters long`
  if (origin === 'array' || origin === 'set') return `must have at most ${most} entries`
  return inclusive ? `must be ${most} or less` : `must be less than ${most}`
}
