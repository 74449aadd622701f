import { searchable } from '../platform/text.ts'
import type { MessageLanguage } from './schema.ts'

type Wish = 'stop' | 'start' | 'help'
// CANCEL and ANNULLA are not among them: who texts these means the table.
const words: Record<'stop' | 'start', Record<MessageLanguage, string>> = {
  stop: {
    en: 'stop stopall unsubscribe end quit optout',
    es: 'baja alto parar',
    fr: 'arret arreter desabonner',
    de: 'stopp abmelden ende',
    it: 'ferma basta disiscrivi',
  },
  start: { en: 'start unstop', es: 'alta', fr: 'reprendre', de: 'anmelden', it: 'riprendi' },
}
const helpWords: Record<MessageLanguage, string> = {
  en: 'help info',
  es: 'ayuda',
  fr: 'aide',
  de: 'hilfe',
  it: 'aiuto',
}

/** R167. What a text wants, in whatever case and accents; one word, or it is no command. Anything else is help. */
export function meantBy(text: string): { wish: Wish; language: MessageLanguage } {
  const said = searchable(text)
    .replaceAll(/[^\p{L} ]/gu, '')
    .trim()
  for (const wish of ['stop', 'start'] as const) {
    const language = languageIn(words[wish], said)
    if (language) return { wish, language }
  }
  return { wish: 'help', language: languageIn(helpWords, said) ?? 'en' }
}

function languageIn(list: Record<MessageLanguage, string>, said: string): MessageLanguage | undefined {
  return (['en', 'es', 'fr', 'de', 'it'] as const).find((language) => list[language].split(' ').includes(said))
}
