import * as z from 'zod'
import { isTimezone } from '../platform/time.ts'
import { LanguageTag, LocalDate, LocalTime } from '../platform/text.ts'

const Slot = z.enum(['date', 'time', 'party_size', 'name', 'phone'])

export const ExtractRequest = z
  .strictObject({
    utterance: z.string().max(10_000).meta({ example: 'A table for four on Friday at half past seven, under Smith' }),
    reference_date: LocalDate.optional().meta({
      description: 'The day it was said; without one today, where the clock is',
    }),
    timezone: z
      .string()
      .max(64)
      .refine(isTimezone, 'must be an IANA time zone')
      .optional()
      .meta({ description: 'Of the speaker, where it is not the restaurant’s' }),
    locale: LanguageTag.optional().meta({
      description: 'Language of the speaker; decides where the words leave it open',
    }),
    asked: Slot.optional().meta({ description: 'What was asked just before: so a bare “four” is read as the answer' }),
  })
  .meta({ id: 'ExtractRequest' })
export type ExtractRequest = z.infer<typeof ExtractRequest>

const Confidence = z.number().min(0).max(1)

const Span = z.object({
  slot: Slot,
  start: z.int().meta({ description: 'Offset in UTF-16 units' }),
  end: z.int(),
  text: z.string(),
  value: z.union([z.string(), z.int()]),
  confidence: Confidence,
  alternatives: z.array(z.union([z.string(), z.int()])).meta({ description: 'What else it may mean: ask' }),
})

/** What a sentence says, and nothing that it does not. */
export const Extraction = z
  .object({
    date: LocalDate.optional(),
    time: LocalTime.optional(),
    party_size: z.int().min(1).optional(),
    name: z.string().optional(),
    phone: z.string().optional().meta({ description: 'E.164' }),
    intent: z.enum([
      'book',
      'change',
      'cancel',
      'find',
      'late',
      'waitlist',
      'info',
      'human',
      'confirm',
      'deny',
      'other',
    ]),
    topic: z
      .enum(['hours', 'menu', 'location', 'allergens', 'policy', 'contact'])
      .optional()
      .meta({ description: 'Of `info`' }),
    confidence: Confidence.meta({ description: 'Of what is least sure' }),
    language: z.string().meta({ description: 'In which it was read' }),
    spans: z.array(Span),
  })
  .meta({ id: 'Extraction' })
export type Extraction = z.infer<typeof Extraction>
