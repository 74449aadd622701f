const plain =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const single = new Set(plain)
/** Take two places each. */
const double = new Set('^{}\\[~]|€')

/** How many places a text takes in GSM's alphabet of seven bits; null where a letter is not in it. */
function gsmLength(text: string): number | null {
  let length = 0
  for (const letter of text) {
    if (single.has(letter)) length += 1
    else if (double.has(letter)) length += 2
    else return null
  }
  return length
}

/** How many texts it is sent and paid as. */
export function segmentsOf(text: string): number {
  const length = gsmLength(text)
  if (length !== null) return length <= 160 ? 1 : Math.ceil(length / 153)
  return text.length <= 70 ? 1 : Math.ceil(text.length / 67)
}

const swapped: Record<string, string> = {
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '\u00a0': ' ',
  '\u202f': ' ',
  ç: 'c',
  œ: 'oe',
}

/** R160. In GSM's alphabet where that only takes an accent or a dash: one letter outside it halves what a text holds. */
export function toGsm(text: string): string {
  const letters = Array.from(text.normalize('NFC'), (letter) => {
    if (single.has(letter) || double.has(letter)) return letter
    const other = swapped[letter] ?? letter.normalize('NFD').replaceAll(/\p{M}/gu, '')
    return gsmLength(other) === null ? letter : other
  })
  const turned = letters.join('')
  // One that cannot be had in it anyway keeps its accents.
  return gsmLength(turned) === null ? text : turned
}

export const mostSegments = 2

/** R160. At most two texts: the values that may be cut are, the longest first; a link, a code or an hour never is. */
export function fitSms(fill: (values: Record<string, string>) => string, values: Record<string, string>): string {
  let fitted = values
  for (let tries = 0; tries < 200; tries++) {
    const text = toGsm(fill(fitted))
    if (segmentsOf(text) <= mostSegments) return text
    const [longest] = ['house', 'name', 'wait']
      .filter((key) => Array.from(fitted[key] ?? '').length > 3)
      .toSorted((a, b) => (fitted[b]?.length ?? 0) - (fitted[a]?.length ?? 0))
    if (longest === undefined) return text
    const letters = Array.from(fitted[longest] ?? '')
    fitted = { ...fitted, [longest]: `${letters.slice(0, -2).join('').replace(/\.$/, '').trimEnd()}.` }
  }
  return toGsm(fill(fitted))
}
