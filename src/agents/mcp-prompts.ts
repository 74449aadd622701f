import { completable, type GetPromptResult, type McpServer } from '@modelcontextprotocol/server'
import * as z from 'zod'
import { LanguageTag, LocalDate, LocalTime, text } from '../platform/text.ts'
import { houseContext } from '../restaurants/context.ts'
import { allergens } from '../restaurants/menu-schema.ts'
import { consentLine } from './calls.ts'
import { answered } from './mcp-failure.ts'
import { answerThePhone, bookATable, handleAllergyQuestion } from './mcp-prompt-rules.ts'
import type { CallCtx } from './operation.ts'

/** R258. What somebody who runs an agent begins with: the house as it is now, and how the operations are used. */
export function offerPrompts(server: McpServer, ctx: CallCtx): void {
  const { restaurant, call } = ctx
  const spoken = restaurant.languages
  const language = completable(orEmpty(LanguageTag), (begun) => spoken.filter((one) => one.startsWith(begun)))
    .optional()
    .describe('What is spoken, such as en; the language of the house where not said')
  const prompt = (describe: string, textOf: () => Promise<string>): Promise<GetPromptResult> =>
    answered(ctx.request_id, async () => ({
      description: describe,
      messages: [{ role: 'user', content: { type: 'text', text: await textOf() } }],
    }))
  const house = async () => (await houseContext(ctx)).data

  const booking = 'Takes a booking in two steps, asking only for what is missing'
  server.registerPrompt(
    'book_a_table',
    {
      title: 'Book a table',
      description: booking,
      argsSchema: z.object({
        date: maybe(LocalDate).describe('Local date, YYYY-MM-DD'),
        time: maybe(LocalTime).describe('Local time, HH:MM'),
        party_size: maybe(z.string().regex(/^\d{1,3}$/, 'must be a number')).describe('How many people come'),
        name: maybe(text(120)).describe('As the guest says it'),
        requests: maybe(text(1000)).describe('Allergies, a high chair, a birthday'),
        language,
      }),
    },
    ({ language: said, ...wish }) =>
      prompt(booking, async () => bookATable(await house(), wish, languageName(said ?? call.locale))),
  )

  const phone = 'Everything one must know to answer the telephone of the house today'
  server.registerPrompt(
    'answer_the_phone',
    { title: 'Answer the telephone', description: phone, argsSchema: z.object({ language }) },
    ({ language: said }) =>
      prompt(phone, async () => {
        const locale = said ?? call.locale
        return answerThePhone(await house(), consentLine(restaurant, locale).consent, languageName(locale))
      }),
  )

  const allergy = 'Says what the menu declares of an allergen, promises nothing, and knows when to fetch a person'
  const allergen = completable(z.enum(allergens).describe('What the guest must not have'), (begun) =>
    allergens.filter((one) => one.startsWith(begun)),
  )
  server.registerPrompt(
    'handle_allergy_question',
    {
      title: 'Answer a question about allergens',
      description: allergy,
      argsSchema: z.object({
        allergen,
        dish: maybe(text(120)).describe('The dish they ask about'),
        language,
      }),
    },
    ({ language: said, ...asked }) =>
      prompt(allergy, async () => handleAllergyQuestion(await house(), asked, languageName(said ?? call.locale))),
  )
}

/** What a form left empty comes as an empty text. */
const orEmpty = (schema: z.ZodType<string, string>) =>
  z.union([z.literal(''), schema]).transform((said) => (said === '' ? undefined : said))
const maybe = (schema: z.ZodType<string, string>) => orEmpty(schema).optional()

const english = new Intl.DisplayNames('en', { type: 'language' })
const languageName = (tag: string): string => english.of(tag) ?? tag
