type Link = { label: string; url: string }
export type Letter = { paragraphs: string[]; button: Link | null; foot: string[]; stop: Link | null }

/** A text as HTML shows it: nothing that a guest or a house typed is markup. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

const lines = (text: string): string => escaped(text).replaceAll('\n', '<br>')
const font = 'font:16px/1.5 system-ui,-apple-system,Segoe UI,sans-serif'

/** The same letter with a button: no picture, no script, nothing from elsewhere, nothing that tells who has read it. */
export function htmlOf(language: string, { paragraphs, button, foot, stop }: Letter): string {
  return [
    `<!doctype html><html lang="${escaped(language)}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"></head>',
    `<body style="margin:0;padding:24px;${font}"><div style="max-width:34rem;margin:0 auto">`,
    ...paragraphs.map((one) => `<p>${lines(one)}</p>`),
    ...(button
      ? [
          `<p><a href="${escaped(button.url)}" style="display:inline-block;padding:12px 20px;border-radius:8px;`,
          `background:#1f4d3a;color:#ffffff;text-decoration:none">${escaped(button.label)}</a></p>`,
        ]
      : []),
    `<p style="color:#6b6b6b;font-size:14px">${foot.map((one) => lines(one)).join('<br>')}</p>`,
    ...(stop ? [`<p style="font-size:13px"><a href="${escaped(stop.url)}">${escaped(stop.label)}</a></p>`] : []),
    '</div></body></html>',
  ].join('')
}
