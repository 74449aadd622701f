import {
  type McpServer,
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
} from '@modelcontextprotocol/server'
import { isoWeekday, wallOf } from '../platform/time.ts'
import { houseContext } from '../restaurants/context.ts'
import type { HouseContext } from '../restaurants/context-schema.ts'
import { loadMenuAgain } from '../restaurants/menu-load.ts'
import { servedMenu } from '../restaurants/menu-rules.ts'
import { answered } from './mcp-failure.ts'
import { menuTold } from './mcp-menu-rules.ts'
import type { CallCtx } from './operation.ts'
import { speechFor, spokenLanguage } from './speech.ts'

const mimeType = 'application/json'
/** Whoever answers a guest needs what is so now: it is read anew each time, and kept by nobody for longer than this. */
const cacheHint = { ttlMs: 10_000, cacheScope: 'private' } as const

const told: [name: string, title: string, description: string, of: (house: HouseContext) => unknown][] = [
  [
    'hours',
    'Opening hours',
    'The week, the special days to come, and whether the house is open now.',
    ({ restaurant, today, hours, special_days }) => ({ timezone: restaurant.timezone, today, hours, special_days }),
  ],
  [
    'policies',
    'Rules for bookings',
    'How far ahead, how large a party, how long a table is kept; and where the house is and how it is reached.',
    ({ restaurant, policies, room }) => ({ restaurant, policies, room }),
  ],
  [
    'today',
    'Today',
    'What day and time it is in the house, whether it is open, what is special today, and which dishes have run out.',
    ({ restaurant, now, today, special_days, menu }) => ({
      restaurant: { name: restaurant.name, timezone: restaurant.timezone },
      now,
      today,
      special_day: special_days.find((one) => one.date === now.date) ?? null,
      sold_out: menu.flatMap((category) => category.items.filter((one) => one.sold_out).map((one) => one.name)),
    }),
  ],
]

/** R257. What a model may read of the house without asking for it by a tool: nothing of any guest. */
export function offerResources(server: McpServer, ctx: CallCtx): void {
  for (const [name, title, description, of] of told) {
    server.registerResource(name, `tableside://${name}`, { title, description, mimeType, cacheHint }, (uri) =>
      answered(ctx.request_id, async () => json(uri, of((await houseContext(ctx)).data))),
    )
  }
  const { languages } = ctx.restaurant
  const menu = {
    title: 'Menu',
    description: 'Dishes, prices, declared allergens and diets, and what has run out.',
    mimeType,
  }
  server.registerResource('menu', 'tableside://menu', { ...menu, cacheHint }, (uri) =>
    answered(ctx.request_id, async () => json(uri, await readMenu(ctx, languages[0] ?? 'en'))),
  )
  const inLanguages = new ResourceTemplate('tableside://menu/{language}', {
    list: () => ({
      resources: languages.map((language) => ({
        ...menu,
        name: `menu-${language}`,
        title: `Menu (${language})`,
        uri: `tableside://menu/${language}`,
      })),
    }),
    complete: { language: (begun) => languages.filter((one) => one.startsWith(begun)) },
  })
  server.registerResource(
    'menu-in',
    inLanguages,
    { ...menu, title: 'Menu in a language', cacheHint },
    (uri, { language }) =>
      answered(ctx.request_id, async () => {
        if (typeof language !== 'string' || !languages.includes(language)) throw new ResourceNotFoundError(uri.href)
        return json(uri, await readMenu(ctx, language))
      }),
  )
}

async function readMenu(ctx: CallCtx, language: string): Promise<unknown> {
  const { restaurant, now } = ctx
  const wall = wallOf(now, restaurant.timezone)
  const menu = await loadMenuAgain(ctx, restaurant)
  const served = servedMenu(menu, { weekday: isoWeekday(wall.date), minute: wall.minute })
  const speech = speechFor({ restaurant, call: { locale: spokenLanguage(language, restaurant) }, now })
  return { language, currency: restaurant.currency, ...menuTold(served, language, speech) }
}

function json(uri: URL, data: unknown): ReadResourceResult {
  return { contents: [{ uri: uri.href, mimeType, text: JSON.stringify(data) }] }
}
