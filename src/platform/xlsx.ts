import type { Cell } from './csv.ts'
import { type ZipEntry, zipOf } from './zip.ts'

/**
 * A workbook (ECMA-376) of one sheet: the first row is bold and stays in sight. Text is always text, never a formula.
 * Rows may come page by page.
 */
export function xlsxOf(name: string, rows: AsyncIterable<readonly Cell[][]>): Promise<Uint8Array<ArrayBuffer>> {
  return zipOf([
    entry('[Content_Types].xml', contentTypes),
    entry('_rels/.rels', rels('officeDocument', 'xl/workbook.xml')),
    entry('xl/workbook.xml', workbook(name)),
    entry('xl/_rels/workbook.xml.rels', rels('worksheet', 'worksheets/sheet1.xml', 'styles', 'styles.xml')),
    entry('xl/styles.xml', styles),
    { name: 'xl/worksheets/sheet1.xml', text: sheet(rows) },
  ])
}

async function* sheet(pages: AsyncIterable<readonly Cell[][]>): AsyncGenerator<string> {
  yield `${head}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0">`
  yield '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
  let number = 0
  for await (const page of pages) {
    let xml = ''
    for (const row of page) {
      number += 1
      xml += `<row r="${number}">${row.map((cell, i) => cellXml(cell, `${column(i)}${number}`, number === 1)).join('')}</row>`
    }
    yield xml
  }
  yield '</sheetData></worksheet>'
}

function cellXml(cell: Cell, at: string, bold: boolean): string {
  if (cell === null) return ''
  const style = bold ? ' s="1"' : ''
  if (typeof cell === 'number') return `<c r="${at}"${style}><v>${cell}</v></c>`
  if (typeof cell === 'boolean') return `<c r="${at}" t="b"${style}><v>${cell ? 1 : 0}</v></c>`
  return `<c r="${at}" t="inlineStr"${style}><is><t xml:space="preserve">${escaped(cell.slice(0, mostOfACell))}</t></is></c>`
}

const mostOfACell = 32_767

/** XML 1.0 has no place for most control characters, however they are written. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|\u{fffe}|\u{ffff}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;')
}

/** 0 is A, 26 is AA. */
function column(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : column(Math.floor(index / 26) - 1) + letter
}

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const sheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

const contentTypes = `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${sheetType}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${sheetType}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${sheetType}.styles+xml"/></Types>`

const styles = `${head}<styleSheet xmlns="${main}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>`

function workbook(name: string): string {
  const sheetName = escaped(name.replaceAll(/[[\]:*?/\\]/g, ' ').slice(0, 31)).replaceAll('"', '&quot;')
  return `${head}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="${sheetName}" sheetId="1" r:id="rId1"/></sheets></workbook>`
}

/** Pairs of a type and a target. */
function rels(...pairs: string[]): string {
  const each = pairs.flatMap((type, i) =>
    i % 2 === 0 ? [`<Relationship Id="rId${i / 2 + 1}" Type="${office}/${type}" Target="${pairs[i + 1]}"/>`] : [],
  )
  return `${head}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${each.join('')}</Relationships>`
}

function entry(name: string, text: string): ZipEntry {
  return { name, text: [text] }
}
