/**
 * The packets of one connection, and what both its ends said: a socket of its own, asked for windows. What was read is
 * kept in pages; what scrolled out of sight before it was asked for is not asked for.
 */

import { Store } from '../lib/store'
import type { ErrorBody, PacketsAbout, PacketsAsk, PacketsSay } from './api'
import { type Frame, type Packet, type Piece, readFrame } from './frames'

export type PacketsState =
  | { is: 'connecting' }
  | { is: 'here'; about: PacketsAbout }
  | { is: 'failed'; error: ErrorBody }

export interface PacketsLink {
  binaryType: BinaryType
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(text: string): void
  close(): void
}

/** Packets of a page, and pieces that are asked for at once. */
const PAGE = 200
const BYTES = 262_144
/** Pages that are kept; at most 256 KiB each. */
const KEPT = 40
/** Bytes of a stream that are kept. */
export const STREAM_MOST = 16 << 20

export class Packets {
  readonly state = new Store<PacketsState>({ is: 'connecting' })
  /** Counts what came: whoever draws watches it. */
  readonly changed = new Store(0)
  readonly pieces: Piece[] = []
  /** The stream is here as far as it goes now, or as far as it is kept. */
  ended = false
  streamBytes = 0
  #link: PacketsLink | null = null
  #dial: () => PacketsLink
  #pages = new Map<number, Packet[]>()
  #wanted: number[] = []
  #waiting = new Map<number, 'stream' | 'again' | number>()
  #next = 1

  constructor(dial: () => PacketsLink) {
    this.#dial = dial
  }

  open = (): void => {
    this.close()
    this.state.set({ is: 'connecting' })
    const link = this.#dial()
    link.binaryType = 'arraybuffer'
    link.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#binary(readFrame(data))
      else this.#said(JSON.parse(String(data)) as PacketsSay)
    }
    link.onclose = ({ reason }) => {
      if (this.#link !== link) return
      this.#link = null
      const why = reason || 'the connection for the packets ended'
      // What the server said last is why it ended.
      if (this.state.get().is !== 'failed') this.#failed({ code: 'packets_ended', message: why, request_id: '' })
    }
    this.#link = link
  }

  close(): void {
    const link = this.#link
    this.#link = null
    link?.close()
    this.#forget()
  }

  /** The packet with this number, if it is here. */
  packet(number: number): Packet | undefined {
    return this.#pages.get(Math.floor(number / PAGE))?.[number % PAGE]
  }

  /** Packets that are on the screen: asks for those that are not here. */
  want(from: number, to: number): void {
    this.#wanted = []
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) if (!this.#full(page)) this.#wanted.push(page)
    this.#ask()
  }

  /** More of the stream. */
  more(): void {
    if (this.ended || [...this.#waiting.values()].includes('stream')) return
    this.#send((id) => ({ stream: { id, first: this.pieces.length, count: PAGE, bytes: BYTES } }), 'stream')
  }

  /** Chooses anew, with what came since. */
  again(): void {
    if ([...this.#waiting.values()].includes('again')) return
    this.#send((id) => ({ again: { id } }), 'again')
  }

  #full(page: number): boolean {
    const state = this.state.get()
    if (state.is !== 'here') return true
    const have = this.#pages.get(page)?.length ?? 0
    return have >= Math.min(PAGE, state.about.packets - page * PAGE)
  }

  #ask(): void {
    for (const page of this.#wanted) {
      // One window is on the way while the next is drawn; the server would take four.
      const asked = [...this.#waiting.values()].filter((what) => typeof what === 'number')
      if (asked.length >= 2) return
      if (asked.includes(page) || this.#full(page)) continue
      const have = this.#pages.get(page)?.length ?? 0
      this.#send((id) => ({ packets: { id, first: page * PAGE + have, count: PAGE - have, bytes: BYTES } }), page)
    }
  }

  #send(ask: (id: number) => PacketsAsk, what: 'stream' | 'again' | number): void {
    if (this.#link === null || this.state.get().is !== 'here') return
    const id = this.#next++
    this.#waiting.set(id, what)
    this.#link.send(JSON.stringify(ask(id)))
  }

  #binary(frame: Frame | null): void {
    if (frame === null) {
      this.#failed({ code: 'packets_unreadable', message: 'packets came garbled', request_id: '' })
      return
    }
    const what = this.#waiting.get(frame.id)
    this.#waiting.delete(frame.id)
    if (what === undefined) return
    if (frame.kind === 'packets' && typeof what === 'number') this.#page(what, frame.entries)
    if (frame.kind === 'stream') {
      this.pieces.push(...frame.entries)
      for (const { bytes } of frame.entries) this.streamBytes += bytes.length
      this.ended = frame.last || frame.entries.length === 0 || this.streamBytes >= STREAM_MOST
    }
    this.#tell()
    this.#ask()
  }

  #page(page: number, entries: Packet[]): void {
    // An answer with nothing in it says that there is nothing: asked again, it would say the same.
    if (entries.length === 0) this.#wanted = this.#wanted.filter((one) => one !== page)
    const all = [...(this.#pages.get(page) ?? []), ...entries]
    this.#pages.delete(page)
    this.#pages.set(page, all)
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > KEPT && oldest !== undefined) this.#pages.delete(oldest)
  }

  #said(say: PacketsSay): void {
    if ('about' in say) {
      this.#forget()
      this.state.set({ is: 'here', about: say.about })
      this.#tell()
      return
    }
    const { id, error } = say.error
    const what = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (what === 'stream') {
      this.streamError = error
      this.ended = true
      this.#tell()
    } else this.#failed(error)
  }

  /** Why there is no stream, where packets are all there is. */
  streamError: ErrorBody | null = null

  #forget(): void {
    this.#pages.clear()
    this.#waiting.clear()
    this.#wanted = []
    this.pieces.length = 0
    this.ended = false
    this.streamBytes = 0
    this.streamError = null
  }

  #failed(error: ErrorBody): void {
    this.state.set({ is: 'failed', error })
    this.#tell()
  }

  #tell(): void {
    this.changed.update((count) => count + 1)
  }
}

/** The socket of the packets of one connection of a tap. */
export function packetsOf(tap: string, flow: string): Packets {
  const { protocol, host } = location
  const query = new URLSearchParams({ flow })
  const url = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/v1/taps/${encodeURIComponent(tap)}/packets?${query}`
  return new Packets(() => new WebSocket(url))
}
