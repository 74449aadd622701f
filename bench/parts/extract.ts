import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import * as z from 'zod'
import { extract } from '../../src/agents/extract-rules.ts'
import type { Row } from '../measure/table.ts'
import type { Part } from './part.ts'

const aim = 0.95
const limitMicroseconds = 2000

const Sentence = z.object({
  id: z.string(),
  utterance: z.string(),
  reference_date: z.string(),
  expect: z.strictObject({ date: z.string(), time: z.string(), party_size: z.number() }).partial(),
})
type Sentence = z.infer<typeof Sentence>
const slots = ['date', 'time', 'party_size'] as const

type Score = { sentences: number; joint: number; wrong: Record<string, number>; invented: Record<string, number> }

/** The dialogues in two halves, by a hash of their id: the rules were fitted on A alone. */
export const halfOf = (id: string): 'A' | 'B' =>
  Number.parseInt(createHash('sha256').update(id).digest('hex').slice(0, 8), 16) % 2 === 0 ? 'A' : 'B'

/** How many sentences are understood entirely, nothing missed and nothing invented, and how long one takes. */
export const sentences: Part = async ({ extract: { file, failures }, rounds, say }) => {
  if (!existsSync(file)) {
    say(`extract: there are no sentences at ${file}; name a file`)
    return []
  }
  const lines = readFileSync(file, 'utf8').split('\n')
  const all = lines.filter((line) => line !== '').map((line) => Sentence.parse(JSON.parse(line)))
  const half = (name: 'A' | 'B'): Sentence[] => all.filter(({ id }) => halfOf(id) === name)
  return [
    rowOf('half A, by which the rules were made', scoreOf(half('A'), failures ? say : null)),
    rowOf('half B', scoreOf(half('B'), failures ? say : null)),
    rowOf('all', scoreOf(all, null)),
    speedRow(speed(all, rounds)),
  ]
}

const read = ({ utterance, reference_date }: Sentence): ReturnType<typeof extract> =>
  extract(utterance, { reference_date, country: 'US', house: null })

function scoreOf(list: Sentence[], say: ((line: string) => void) | null): Score {
  const score: Score = { sentences: list.length, joint: 0, wrong: {}, invented: {} }
  for (const one of list) {
    const found = read(one)
    const wrong = slots.filter((slot) => found[slot] !== one.expect[slot])
    if (wrong.length === 0) score.joint += 1
    for (const slot of wrong) {
      const into = one.expect[slot] === undefined ? score.invented : score.wrong
      into[slot] = (into[slot] ?? 0) + 1
    }
    const why = wrong.map((slot) => `${slot} ${found[slot] ?? 'none'}, expected ${one.expect[slot] ?? 'none'}`)
    if (why.length > 0) say?.(`${JSON.stringify(one.utterance)}: ${why.join('; ')}`)
  }
  return score
}

const counts = (of: Record<string, number>): string => slots.map((slot) => `${slot} ${of[slot] ?? 0}`).join(', ')

function rowOf(what: string, score: Score): Row {
  const share = score.joint / score.sentences
  return {
    what: `sentences wholly right, ${what}`,
    ours: `${share.toFixed(4)} of ${score.sentences}`,
    yardstick: `missed or wrong: ${counts(score.wrong)}; invented: ${counts(score.invented)}`,
    ratio: share,
    aim: { least: aim },
  }
}

/** The median round's microseconds for one sentence, after one round to warm up. */
function speed(all: Sentence[], rounds: number): number {
  const took = Array.from({ length: rounds + 1 }, () => {
    const began = performance.now()
    for (const one of all) read(one)
    return ((performance.now() - began) * 1000) / all.length
  }).slice(1)
  return took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)] ?? Number.NaN
}

const speedRow = (microseconds: number): Row => ({
  what: 'one sentence',
  ours: `${microseconds.toFixed(0)} µs`,
  yardstick: `${limitMicroseconds} µs allowed`,
  ratio: microseconds / limitMicroseconds,
  aim: { most: 1 },
})
