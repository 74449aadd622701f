import { languages, type MessageLanguage } from './schema.ts'

/** R163. The guest's language where we have words in it, else the house's first that we have, else English. */
export function languageFor(wanted: string | null, ofHouse: readonly string[]): MessageLanguage {
  for (const tag of [wanted, ...ofHouse]) {
    const known = languages.find((one) => one === tag?.split('-')[0]?.toLowerCase())
    if (known) return known
  }
  return 'en'
}

/** How dates are written in that language, in that country. */
export function localeOf(language: MessageLanguage, country: string): string {
  return `${language}-${country}`
}
