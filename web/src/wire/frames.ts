/** Binary frames of the packets socket: what `docs/reference/taps-api.md` says, read. */

export interface Packet {
  /** Its number in the order of time, from 0. */
  number: number
  tsNs: bigint
  /** Its length on the wire. */
  wire: number
  /** Which of the interfaces. */
  place: number
  /** Into the pod, or out of it; null where that is unknown. */
  inbound: boolean | null
  flags: number
  bytes: Uint8Array
}

/** Bits of `Packet.flags`. */
export const CUT = 1
export const MASKED = 2
export const WITHHELD = 4

export interface Piece {
  number: number
  tsUs: number
  offset: number
  len: number
  side: 'client' | 'server'
  /** Why its bytes are missing; 0 when they are there. */
  gap: number
  bytes: Uint8Array
}

export type Frame = { id: number; first: number; last: boolean } & (
  | { kind: 'packets'; entries: Packet[] }
  | { kind: 'stream'; entries: Piece[] }
)

const HEAD = 16
const PACKET = 20
const PIECE = 28

/** Null of what is no such frame. */
export function readFrame(buffer: ArrayBuffer): Frame | null {
  const view = new DataView(buffer)
  if (buffer.byteLength < HEAD) return null
  const kind = view.getUint8(0)
  const count = view.getUint16(2, true)
  const frame = { id: view.getUint32(4, true), first: whole(view, 8), last: (view.getUint8(1) & 1) !== 0 }
  try {
    if (kind === 1) return { ...frame, kind: 'packets', entries: packets(view, frame.first, count) }
    return kind === 2 ? { ...frame, kind: 'stream', entries: pieces(view, frame.first, count) } : null
  } catch (error) {
    // It says more than it has.
    if (error instanceof RangeError) return null
    throw error
  }
}

function packets(view: DataView, first: number, count: number): Packet[] {
  const found: Packet[] = []
  let at = HEAD
  for (let number = first; number < first + count; number++) {
    const len = view.getUint32(at + 12, true)
    const direction = view.getUint8(at + 18)
    found.push({
      number,
      tsNs: view.getBigUint64(at, true),
      wire: view.getUint32(at + 8, true),
      place: view.getUint16(at + 16, true),
      inbound: direction === 0 ? null : direction === 1,
      flags: view.getUint8(at + 19),
      bytes: new Uint8Array(view.buffer, at + PACKET, len),
    })
    at += PACKET + len
  }
  return found
}

function pieces(view: DataView, first: number, count: number): Piece[] {
  const found: Piece[] = []
  let at = HEAD
  for (let number = first; number < first + count; number++) {
    const len = whole(view, at + 16)
    const gap = view.getUint8(at + 25)
    const here = gap === 0 ? len : 0
    found.push({
      number,
      tsUs: Number(view.getBigInt64(at, true)),
      offset: whole(view, at + 8),
      len,
      side: view.getUint8(at + 24) === 0 ? 'client' : 'server',
      gap,
      bytes: new Uint8Array(view.buffer, at + PIECE, here),
    })
    at += PIECE + here
  }
  return found
}

const whole = (view: DataView, at: number) => Number(view.getBigUint64(at, true))
