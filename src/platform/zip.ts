/** A file of an archive; its text may come in pieces, so that no one has to hold all of it. */
export type ZipEntry = { name: string; text: AsyncIterable<string> | Iterable<string> }

/** A ZIP archive (APPNOTE 6.3, deflated, UTF-8 names, no ZIP64: less than 4 GiB) with its files in the order given. */
export async function zipOf(entries: readonly ZipEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const { name, text } of entries) {
    const { bytes, crc, size } = await deflate(text)
    const facts = header(crc, bytes.length, size, new TextEncoder().encode(name))
    directory.push(record(0x02014b50, [20, 20], facts, offset))
    offset += add(parts, record(0x04034b50, [20], facts, null)) + add(parts, bytes)
  }
  const directoryBytes = directory.reduce((sum, one) => sum + add(parts, one), 0)
  add(parts, endOf(entries.length, directoryBytes, offset))
  return joined(parts)
}

type Facts = { crc: number; packed: number; size: number; name: Uint8Array }

function add(to: Uint8Array[], bytes: Uint8Array): number {
  to.push(bytes)
  return bytes.length
}

function header(crc: number, packed: number, size: number, name: Uint8Array): Facts {
  return { crc, packed, size, name }
}

/** A file's local header, or with `at` its line in the directory. */
function record(
  signature: number,
  versions: number[],
  { crc, packed, size, name }: Facts,
  at: number | null,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(at === null ? 30 : 46))
  let position = 0
  const u16 = (...values: number[]): void => values.forEach((value) => view.setUint16((position += 2) - 2, value, true))
  const u32 = (...values: number[]): void => values.forEach((value) => view.setUint32((position += 4) - 4, value, true))
  u32(signature)
  // Names are UTF-8, the method is deflate, and the day is the first there is: the same rows are the same bytes.
  u16(...versions, 0x0800, 8, 0, 0x21)
  u32(crc, packed, size)
  u16(name.length, 0)
  if (at !== null) {
    u16(0, 0, 0)
    u32(0, at)
  }
  return joined([new Uint8Array(view.buffer), name])
}

function endOf(files: number, directoryBytes: number, directoryAt: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(22))
  view.setUint32(0, 0x06054b50, true)
  view.setUint16(8, files, true)
  view.setUint16(10, files, true)
  view.setUint32(12, directoryBytes, true)
  view.setUint32(16, directoryAt, true)
  return new Uint8Array(view.buffer)
}

async function deflate(text: ZipEntry['text']): Promise<{ bytes: Uint8Array; crc: number; size: number }> {
  const stream = new CompressionStream('deflate-raw')
  const packed = new Response(stream.readable).arrayBuffer()
  const writer = stream.writable.getWriter()
  const encoder = new TextEncoder()
  let crc = 0xffffffff
  let size = 0
  for await (const piece of text) {
    const bytes = encoder.encode(piece)
    crc = crcOf(crc, bytes)
    size += bytes.length
    await writer.write(bytes)
  }
  await writer.close()
  return { bytes: new Uint8Array(await packed), crc: ~crc >>> 0, size }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  return c
})

function crcOf(before: number, bytes: Uint8Array): number {
  let crc = before
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return crc
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0))
  let at = 0
  for (const one of parts) {
    whole.set(one, at)
    at += one.length
  }
  return whole
}
