/** One message on the page. `html` is shown in a frame where nothing runs. */
export type Row = { heading: string; facts: [name: string, value: string][]; text: string; html: string | null }

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  article { border: 1px solid #ccc; border-radius: 8px; padding: 1rem; margin: 1rem 0 }
  h2 { font-size: 1.1rem; margin: 0 0 .5rem }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0; color: #555 }
  dd { margin: 0; overflow-wrap: anywhere }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit }
  iframe { width: 100%; height: 20rem; border: 1px solid #ddd }
`

/** A plain page of messages, newest first. */
export function page(title: string, rows: Row[]): string {
  const body = rows.length ? rows.map(article).join('\n') : '<p>Nothing yet.</p>'
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><style>${style}</style>
<h1>${escape(title)}</h1>
${body}
</html>`
}

function article({ heading, facts, text, html }: Row): string {
  const list = facts.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('')
  const frame = html === null ? '' : `<iframe sandbox srcdoc="${escape(html)}" title="the message as HTML"></iframe>`
  return `<article><h2>${escape(heading)}</h2><dl>${list}</dl><pre>${links(escape(text))}</pre>${frame}</article>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

/** Makes addresses clickable; the text has been escaped already. */
function links(text: string): string {
  return text.replace(/https?:\/\/[^\s<>]+/g, (url) => `<a href="${url}">${url}</a>`)
}
