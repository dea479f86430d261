/** Protobuf without its schema: numbers of fields and what their bytes can be; and the messages of a gRPC body. */

export interface ProtoField {
  number: number
  /** What the wire says it is. */
  wire: 'varint' | '64 bit' | '32 bit' | 'bytes'
  value: string
  /** Bytes that are a message themselves, as far as one can tell. */
  inner: ProtoField[] | null
}

const MOST_DEPTH = 12
const WIRES: Readonly<Record<number, ProtoField['wire']>> = { 0: 'varint', 1: '64 bit', 2: 'bytes', 5: '32 bit' }

/** The fields of a message, or null when the bytes are none. */
export function fieldsOf(bytes: Uint8Array, depth = 0): ProtoField[] | null {
  const fields: ProtoField[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; ) {
    const tag = varint(bytes, at)
    if (tag === null) return null
    const [number, wire] = [Number(tag.value >> 3n), WIRES[Number(tag.value & 7n)]]
    if (number === 0 || number > 536_870_911 || wire === undefined) return null
    at = tag.next
    const field = fieldAt(bytes, view, at, wire, depth)
    if (field === null) return null
    fields.push({ number, wire, value: field.value, inner: field.inner })
    at = field.next
  }
  return fields
}

type Found = { value: string; inner: ProtoField[] | null; next: number } | null

function fieldAt(bytes: Uint8Array, view: DataView, at: number, wire: ProtoField['wire'], depth: number): Found {
  if (wire === 'varint') {
    const found = varint(bytes, at)
    return found === null ? null : { value: String(found.value), inner: null, next: found.next }
  }
  if (wire !== 'bytes') {
    const [len, end] = wire === '64 bit' ? [8, at + 8] : [4, at + 4]
    if (end > bytes.length) return null
    const whole = len === 8 ? view.getBigInt64(at, true) : view.getInt32(at, true)
    const real = len === 8 ? view.getFloat64(at, true) : view.getFloat32(at, true)
    return { value: `${whole} or ${Number(real.toPrecision(7))}`, inner: null, next: end }
  }
  const len = varint(bytes, at)
  if (len === null || len.value > BigInt(bytes.length - len.next)) return null
  const end = len.next + Number(len.value)
  const part = bytes.subarray(len.next, end)
  const text = readable(part)
  if (text !== null) return { value: JSON.stringify(text), inner: null, next: end }
  const inner = depth < MOST_DEPTH && part.length > 0 ? fieldsOf(part, depth + 1) : null
  return { value: inner === null ? hexed(part) : '', inner, next: end }
}

function varint(bytes: Uint8Array, from: number): { value: bigint; next: number } | null {
  let value = 0n
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 127) << BigInt(7 * (at - from))
    if (byte < 128) return { value: BigInt.asUintN(64, value), next: at + 1 }
  }
  return null
}

/** Text that somebody could have written. */
function readable(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what has these is no text
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? null : text
  } catch {
    return null
  }
}

const hexed = (bytes: Uint8Array) => {
  const shown = [...bytes.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return bytes.length > 32 ? `${shown} … (${bytes.length} bytes)` : shown
}

export interface GrpcMessage {
  compressed: boolean
  /** As its head says. */
  len: number
  bytes: Uint8Array
}

/** The messages of a gRPC body: each has a head of five bytes. The last may be cut. */
export function grpcMessages(body: Uint8Array): GrpcMessage[] {
  const found: GrpcMessage[] = []
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  for (let at = 0; at + 5 <= body.length; ) {
    const [mark, len] = [view.getUint8(at), view.getUint32(at + 1)]
    // Anything else is no head: what was taken for one was none.
    if (mark > 1) break
    found.push({ compressed: mark === 1, len, bytes: body.subarray(at + 5, at + 5 + len) })
    at += 5 + len
  }
  return found
}

export interface SseEvent {
  name: string
  id: string
  data: string
}

/** Server-sent events of a body. */
export function sseEvents(body: string): SseEvent[] {
  const events: SseEvent[] = []
  for (const block of body.replaceAll('\r\n', '\n').split(/\n\n+/)) {
    const event: SseEvent = { name: '', id: '', data: '' }
    let any = false
    for (const line of block.split('\n')) {
      const [, field, value] = /^(event|data|id): ?(.*)$/.exec(line) ?? []
      if (field === undefined || value === undefined) continue
      any = true
      if (field === 'event') event.name = value
      else if (field === 'id') event.id = value
      else event.data = event.data === '' ? value : `${event.data}\n${value}`
    }
    if (any) events.push(event)
  }
  return events
}
