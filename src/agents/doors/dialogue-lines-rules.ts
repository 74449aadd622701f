/** What the dialogue says of its own; what an operation did, the operation says. */
export type Lines = {
  /** The language as its speakers call it: for the line that offers it. */
  name: string
  greeting: (house: string) => string
  /** Offers this language to who was greeted in another: the key to press. */
  press: (key: string) => string
  how: string
  ask_when: string
  ask_date: string
  ask_time: string
  ask_party: string
  ask_name: string
  ask_phone: string
  ask_moves: string
  ask_what: string
  ask_which: string
  ask_person: string
  other_day: string
  other_name: string
  sorry: string
  more: string
  left: string
  goodbye: string
  /** A yes at the beginning of a longer sentence. */
  yes: RegExp
  bye: RegExp
  half_hour: RegExp
  minutes: RegExp
}

const en: Lines = {
  name: 'English',
  greeting: (house) => `Welcome to ${house}. How can I help you?`,
  press: (key) => `For English, press ${key}.`,
  how: 'How can I help you?',
  ask_when: 'For which day and time, and for how many people?',
  ask_date: 'For which day?',
  ask_time: 'At what time?',
  ask_party: 'For how many people?',
  ask_name: 'May I have your name?',
  ask_phone: 'May I have a telephone number?',
  ask_moves: 'To which day, time or number of people shall I change it?',
  ask_what: 'What shall I change?',
  ask_which: 'For which day is it?',
  ask_person: 'Shall I put you through to a colleague?',
  other_day: 'Which other day would suit you?',
  other_name: 'Is it perhaps under another name?',
  sorry: 'I am sorry, I did not understand that.',
  more: 'Can I help you with anything else?',
  left: 'All right, I leave it as it is.',
  goodbye: 'Thank you for calling. Goodbye.',
  yes: /^(yes|yeah|yep|yup|sure|correct|right|ok|okay|exactly|perfect)\b/i,
  bye: /\b(good ?bye|bye|that'?s all|that is all|that'?s it|nothing else)\b/i,
  half_hour: /\bhalf an hour\b/i,
  minutes: /\b(\d{1,3})\s*min/i,
}

const es: Lines = {
  name: 'español',
  greeting: (house) => `Bienvenido a ${house}. ¿En qué puedo ayudarle?`,
  press: (key) => `Para español, pulse ${key}.`,
  how: '¿En qué puedo ayudarle?',
  ask_when: '¿Para qué día y hora, y para cuántas personas?',
  ask_date: '¿Para qué día?',
  ask_time: '¿A qué hora?',
  ask_party: '¿Para cuántas personas?',
  ask_name: '¿A qué nombre, por favor?',
  ask_phone: '¿Me da un número de teléfono?',
  ask_moves: '¿A qué día, hora o número de personas la cambio?',
  ask_what: '¿Qué cambio?',
  ask_which: '¿Para qué día es?',
  ask_person: '¿Le paso con un compañero?',
  other_day: '¿Qué otro día le vendría bien?',
  other_name: '¿Está quizá a otro nombre?',
  sorry: 'Perdone, no le he entendido.',
  more: '¿Puedo ayudarle en algo más?',
  left: 'De acuerdo, lo dejo como está.',
  goodbye: 'Gracias por llamar. Hasta pronto.',
  yes: /^(s[ií]|claro|correcto|vale|exacto|perfecto|de acuerdo)(?![\p{L}\p{M}])/iu,
  bye: /(adi[óo]s|hasta luego|eso es todo|nada m[áa]s|es todo)/i,
  half_hour: /\bmedia hora\b/i,
  minutes: /\b(\d{1,3})\s*min/i,
}

const fr: Lines = {
  name: 'français',
  greeting: (house) => `Bienvenue chez ${house}. Que puis-je faire pour vous ?`,
  press: (key) => `Pour le français, appuyez sur ${key}.`,
  how: 'Que puis-je faire pour vous ?',
  ask_when: 'Pour quel jour et quelle heure, et pour combien de personnes ?',
  ask_date: 'Pour quel jour ?',
  ask_time: 'À quelle heure ?',
  ask_party: 'Pour combien de personnes ?',
  ask_name: 'À quel nom, s’il vous plaît ?',
  ask_phone: 'Puis-je avoir un numéro de téléphone ?',
  ask_moves: 'Pour quel jour, quelle heure ou combien de personnes dois-je la modifier ?',
  ask_what: 'Que dois-je modifier ?',
  ask_which: 'Pour quel jour est-elle ?',
  ask_person: 'Voulez-vous que je vous passe un collègue ?',
  other_day: 'Quel autre jour vous conviendrait ?',
  other_name: 'Est-elle peut-être à un autre nom ?',
  sorry: 'Excusez-moi, je n’ai pas compris.',
  more: 'Puis-je encore faire quelque chose pour vous ?',
  left: 'Très bien, je n’y change rien.',
  goodbye: 'Merci de votre appel. Au revoir.',
  yes: /^(oui|d['’ ]accord|parfait|exact|c['’]est [çc]a|tout à fait)(?![\p{L}\p{M}])/iu,
  bye: /(au revoir|c['’]est tout|rien d['’]autre|bonne journ[ée]e)/i,
  half_hour: /\bdemi[- ]heure\b/i,
  minutes: /\b(\d{1,3})\s*min/i,
}

const lines: Readonly<Record<string, Lines>> = { en, es, fr }

/** In the language of a locale, English where there is none for it. */
export function linesFor(locale: string): Lines {
  return lines[locale.slice(0, 2)] ?? en
}

/** R250. How late somebody says to be, in minutes; null where they do not say. */
export function latenessIn(utterance: string, { half_hour, minutes }: Lines): number | null {
  if (half_hour.test(utterance)) return 30
  const said = Number(minutes.exec(utterance)?.[1] ?? Number.NaN)
  return said >= 1 && said <= 240 ? said : null
}
