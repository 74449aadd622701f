type Attributes = Readonly<Record<string, string>>
export type Verb = { name: string; attributes?: Attributes; text?: string; inside?: readonly Verb[] }

/** TwiML: verbs as XML, everything that is not ours escaped. */
export function twiml(verbs: readonly Verb[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs.map(written).join('')}</Response>`
}

function written({ name, attributes = {}, text = '', inside = [] }: Verb): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`)
  const content = escaped(text) + inside.map(written).join('')
  return content === '' ? `<${name}${pairs.join('')}/>` : `<${name}${pairs.join('')}>${content}</${name}>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const escaped = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, ' ').replace(/[&<>"']/g, (one) => entities[one] ?? one)

const regions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  en: { GB: 'en-GB', IE: 'en-GB', AU: 'en-AU', NZ: 'en-AU', IN: 'en-IN', '': 'en-US' },
  es: { ES: 'es-ES', '': 'es-US' },
  fr: { CA: 'fr-CA', '': 'fr-FR' },
}

/** A language as Twilio’s voices and ears have it, nearest to the house’s country. */
export function twilioLanguage(language: string, country: string): string {
  const known = regions[language.slice(0, 2)]
  return known?.[country] ?? known?.[''] ?? 'en-US'
}
