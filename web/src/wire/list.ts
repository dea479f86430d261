/**
 * The rows of one list on the screen: a window of what the server keeps. It lives outside React; the grid reads it and
 * is told what changed. After `query` changes the old rows stay until the first rows of the new query are here.
 */

import { Store } from '../lib/store'
import type {
  CellValue,
  Column,
  Delta,
  ErrorBody,
  ListQuery,
  Resume,
  Row,
  RowsQuery,
  ServerFrame,
  Snap,
  Source,
  What,
} from './api'
import type { Receiver, Socket } from './socket'

/** What is known of a list as a whole. */
export interface Head {
  /** The first window is here. */
  ready: boolean
  total: number
  columns: readonly Column[]
  sources: readonly Source[]
  /** Why the list ended or could not be opened; the rows stay. */
  error: ErrorBody | null
}

/** What a list may ask for: rows of a kind, or a list that is no kind. */
export type Query = RowsQuery | ListQuery

/** A cell that changed with the last frame. */
export type Changed = readonly [key: number, column: number]

const EMPTY: Head = { ready: false, total: 0, columns: [], sources: [], error: null }

export class RowList<Q extends Query = RowsQuery> implements Receiver {
  readonly head = new Store<Head>(EMPTY)
  /** Told after each frame; `changed` names single cells, null says that everything may be different. */
  onFrame: (changed: readonly Changed[] | null) => void = () => {}
  #watchers = new Set<() => void>()
  #socket: Socket
  #id = 0
  #query: Q
  #rows = new Map<number, Row>()
  #order: number[] = []
  #marks = new Map<number, string>()
  #at = 0
  #seq = 0
  #epoch = 0
  /** The rows are those of before: the server has begun anew and has none yet. */
  #held = false

  constructor(socket: Socket, query: Q) {
    this.#socket = socket
    this.#query = query
  }

  open(): this {
    if (this.#id === 0) this.#id = this.#socket.subscribe(this)
    return this
  }

  close(): void {
    if (this.#id !== 0) this.#socket.unsubscribe(this.#id)
    this.#id = 0
  }

  get query(): Q {
    return this.#query
  }

  /** Shows another list in place of this one; another kind forgets the rows. */
  show(query: Q): void {
    const fresh = subject(query) !== subject(this.#query)
    this.close()
    this.#query = query
    this.#seq = 0
    if (fresh) {
      this.#rows.clear()
      this.#order = []
      this.#marks.clear()
      this.#at = 0
      this.head.set(EMPTY)
      this.onFrame(null)
    }
    this.open()
  }

  retry = (): void => {
    this.head.update((head) => ({ ...head, error: null }))
    this.close()
    this.#seq = 0
    this.open()
  }

  /** Asks for another window. */
  move(at: number, len: number): void {
    if (at === this.#query.at && len === this.#query.len) return
    this.#query = { ...this.#query, at, len }
    if (this.#id !== 0) this.#socket.move(this.#id, at, len)
  }

  /** The row at an absolute index, if it is in the window. */
  rowAt(index: number): Row | undefined {
    const key = this.#order[index - this.#at]
    return key === undefined ? undefined : this.#rows.get(key)
  }

  row(key: number): Row | undefined {
    return this.#rows.get(key)
  }

  /** Why the object of a row could be read only in part (`decode_partial`), if it could. */
  mark(key: number): string | undefined {
    return this.#marks.get(key)
  }

  /** The absolute index of a row in the window, or -1. */
  indexOf(key: number): number {
    const found = this.#order.indexOf(key)
    return found < 0 ? -1 : found + this.#at
  }

  /** The window's rows in order. */
  *rows(): Generator<Row> {
    for (const key of this.#order) {
      const row = this.#rows.get(key)
      if (row !== undefined) yield row
    }
  }

  /** Calls `watcher` after each frame; the answer ends it. */
  watchFrames(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
    }
  }

  what(): What {
    const query: Query = this.#query
    return 'kind' in query ? { rows: query } : { list: query }
  }

  resume(): Resume | undefined {
    return this.#seq > 0 ? { epoch: this.#epoch, seq: this.#seq } : undefined
  }

  end({ error }: { error?: ErrorBody }): void {
    this.#id = 0
    this.head.update((head) => ({ ...head, ready: true, error: error ?? null }))
    this.onFrame(null)
  }

  receive(frame: ServerFrame): void {
    if ('snap' in frame) this.#snap(frame.snap)
    else if ('delta' in frame) this.#delta(frame.delta)
    for (const watcher of this.#watchers) watcher()
  }

  #snap(snap: Snap): void {
    this.#seen(snap.seq)
    this.#held = snap.total === 0 && this.#order.length > 0 && waiting(snap.sources)
    if (this.#held) {
      this.head.update((head) => ({ ...head, sources: snap.sources, error: null }))
      this.onFrame([])
      return
    }
    this.#rows.clear()
    this.#order = snap.rows.map((row) => row[0])
    for (const row of snap.rows) this.#rows.set(row[0], row)
    this.#marks = new Map(snap.marks)
    this.#at = snap.at
    const { total, columns, sources } = snap
    this.head.set({ ready: true, total, columns, sources, error: null })
    this.onFrame(null)
  }

  #delta(delta: Delta): void {
    for (const row of delta.rows ?? []) this.#rows.set(row[0], row)
    const { sources = this.head.get().sources } = delta
    if (this.#held && delta.order === undefined) {
      this.#seen(delta.seq)
      this.head.update((head) => ({ ...head, sources }))
      if (waiting(sources)) return
      this.#reorder([])
    }
    this.#held = false
    const changed: Changed[] = []
    for (const [key, cells] of delta.cells ?? []) {
      const row = this.#rows.get(key)
      if (row === undefined) continue
      for (const [column, cell] of cells) {
        row[4][column] = cell satisfies CellValue
        changed.push([key, column])
      }
    }
    if (delta.order !== undefined) this.#reorder(delta.order)
    if (delta.marks !== undefined) this.#marks = new Map(delta.marks)
    this.#at = delta.at
    this.#seen(delta.seq)
    const head = this.head.get()
    if (delta.total !== head.total || delta.sources !== undefined) {
      this.head.set({ ...head, total: delta.total, sources })
    }
    this.onFrame(changed)
  }

  #reorder(order: number[]): void {
    this.#order = order
    const kept = new Set(order)
    for (const key of this.#rows.keys()) if (!kept.has(key)) this.#rows.delete(key)
  }

  #seen(seq: number): void {
    this.#seq = seq
    this.#epoch = this.#socket.epoch
  }
}

/** What rows are about: with another subject the rows of before mean nothing. */
function subject(query: Query): string {
  return 'kind' in query ? `${query.kind} ${query.clusters.join()}` : JSON.stringify(query.list)
}

/** Some source has not said yet what it has. */
function waiting(sources: readonly Source[]): boolean {
  return sources.some(({ state }) => state.is === 'connecting' || state.is === 'loading')
}

/** Reads rows `at … at + len` of a list once, beside the window on the screen. */
export function readRange(socket: Socket, query: Query, at: number, len: number): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const list = new RowList(socket, { ...query, at, len })
    list.onFrame = () => {
      const { error, ready } = list.head.get()
      if (!ready) return
      const rows = [...list.rows()]
      list.close()
      if (error !== null) reject(new Error(error.message))
      else resolve(rows)
    }
    list.open()
  })
}
