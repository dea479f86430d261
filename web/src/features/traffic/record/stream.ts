/** The stream of a connection in lines of one height: what was said, by whom, and what is missing. */

import { grouped } from '../../../lib/text'
import type { Piece } from '../../../wire/frames'

export interface Line {
  side: 'client' | 'server'
  /** The first line of a piece says when it came. */
  first: boolean
  tsUs: number
  text: string
  gap: boolean
}

const WIDTH = 160
const WHY: Readonly<Record<number, string>> = {
  1: 'the kernel’s ring dropped packets',
  2: 'shed under a budget',
  3: 'never captured',
  4: 'cut from their packets',
  5: 'a limit was reached',
}

/** Whose lines: both, or one side’s. */
export type Side = 'both' | 'client' | 'server'

export class Lines {
  readonly all: Line[] = []
  #as: 'text' | 'hex'
  #side: Side
  #taken = 0
  #decoders = { client: new TextDecoder(), server: new TextDecoder() }

  constructor(as: 'text' | 'hex', side: Side) {
    this.#as = as
    this.#side = side
  }

  /** Takes what is new; pieces are only ever added. */
  take(pieces: readonly Piece[]): Line[] {
    if (pieces.length < this.#taken) {
      this.all.length = 0
      this.#taken = 0
      this.#decoders = { client: new TextDecoder(), server: new TextDecoder() }
    }
    for (const piece of pieces.slice(this.#taken)) {
      if (this.#side === 'both' || piece.side === this.#side) this.#add(piece)
    }
    this.#taken = pieces.length
    return this.all
  }

  #add({ side, tsUs, gap, len, bytes, offset }: Piece): void {
    if (gap !== 0) {
      const text = `${grouped(len)} bytes are missing: ${WHY[gap] ?? 'nobody knows why'}`
      this.all.push({ side, tsUs, first: true, text, gap: true })
      return
    }
    const texts = this.#as === 'hex' ? hexLines(bytes, offset) : this.#texts(side, bytes)
    for (const [at, text] of texts.entries()) this.all.push({ side, tsUs, first: at === 0, text, gap: false })
  }

  #texts(side: 'client' | 'server', bytes: Uint8Array): string[] {
    const text = this.#decoders[side].decode(bytes, { stream: true })
    const lines = text.split('\n').map((line) => printable(line.replace(/\r$/, '')))
    // What ends with a line end has no line behind it.
    if (lines.length > 1 && lines.at(-1) === '') lines.pop()
    return lines.flatMap((line) => {
      const parts: string[] = []
      for (let at = 0; at < line.length || at === 0; at += WIDTH) parts.push(line.slice(at, at + WIDTH))
      return parts
    })
  }
}

/** What has no picture is a dot; a tab is as wide as it says. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replaceAll('\t', '    ').replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffd]/g, '·')
}

function hexLines(bytes: Uint8Array, offset: number): string[] {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)]
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0'))
    const letters = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    const [left, right] = [digits.slice(0, 8).join(' ').padEnd(23), digits.slice(8).join(' ').padEnd(23)]
    lines.push(`${(offset + at).toString(16).padStart(8, '0')}  ${left}  ${right}  ${letters}`)
  }
  return lines
}
