/**
 * The grid: a window of rows drawn outside React and patched in place. It asks its source for the part of the list that
 * is on the screen, keeps one tab stop, and tells what happens through `GridEvents`; keys arrive as method calls.
 *
 * A row is a pool element placed by transform: scrolling re-uses elements, a changed cell changes one text node.
 */

import type { Row } from '../wire/api'
import type { Changed } from '../wire/list'
import { asideOf } from './asides'
import { type Arrangement, fitted, type Shown } from './columns'
import css from './grid.module.css'
import { Head, type SortMark } from './head'
import { type Identity, identity, Marks } from './marks'
import { pointer } from './pointer'
import { RowElement } from './row'
import { Tail, type TailState } from './tail'
import { moved } from './window'

/** What a grid draws: a window of a list that the server keeps. `RowList` is one. */
export interface GridSource {
  readonly head: { get(): { ready: boolean; total: number } }
  readonly query: { at: number; len: number }
  onFrame: (changed: readonly Changed[] | null) => void
  rows(): Iterable<Row>
  rowAt(index: number): Row | undefined
  indexOf(key: number): number
  mark(key: number): string | undefined
  move(at: number, len: number): void
}

export interface GridEvents {
  /** Where the cursor stands; null while that row is not here yet. */
  cursor(row: Identity | null): void
  open(row: Identity): void
  /** Enter on a row: opens it, or leads below it. */
  enter(row: Identity): void
  menu(x: number, y: number): void
  marks(count: number): void
  sort(column: string, additive: boolean): void
  arranged(change: Partial<Arrangement>, done: boolean): void
  columnMenu(column: string, x: number, y: number): void
  /** Rows outside the window, for marking a range. */
  read(at: number, len: number): Promise<readonly Row[]>
  /** Following began or ended, or more came meanwhile; only of lists that are followed. */
  tail?(state: TailState): void
}

const OVERSCAN = 8

export class Grid {
  readonly element: HTMLElement
  readonly marks = new Marks()
  #head: Head
  #canvas = document.createElement('div')
  #pool: RowElement[] = []
  /** As they were arranged, and as they fit. */
  #arranged: readonly Shown[] = []
  #columns: readonly Shown[] = []
  #chosen: Readonly<Record<string, number>> = {}
  #sort: readonly SortMark[] = []
  #source: GridSource
  #events: GridEvents
  #now: () => number
  #cursor = 0
  #cursorKey: number | null = null
  /** Nobody moved the cursor in this list yet: that it stands on the first row tells nothing. */
  #fresh = true
  #headAt = -1
  #anchor = 0
  #changed: Changed[] = []
  #scheduled = false
  #rowHeight = 28
  /** Height of the element and how far it is scrolled, in pixels. */
  #room: number
  #top = 0
  #isOld: (row: Row) => boolean = () => false
  #tail: Tail
  #observer: ResizeObserver
  #release: () => void

  constructor(element: HTMLElement, source: GridSource, now: () => number, events: GridEvents) {
    this.element = element
    this.#source = source
    this.#events = events
    this.#now = now
    this.#room = element.clientHeight
    this.#tail = new Tail((state) => events.tail?.(state))
    element.classList.add(css.grid ?? '')
    element.setAttribute('role', 'grid')
    element.setAttribute('aria-multiselectable', 'true')
    element.tabIndex = 0
    this.#canvas.className = css.canvas ?? ''
    this.#canvas.setAttribute('role', 'rowgroup')
    this.#head = new Head({
      sort: events.sort,
      arranged: events.arranged,
      menu: events.columnMenu,
    })
    element.append(this.#head.element, this.#canvas)
    element.addEventListener('scroll', this.#scrolled, { passive: true })
    this.#release = pointer(this, this.#canvas)
    this.#observer = new ResizeObserver(() => {
      this.#room = element.clientHeight
      this.#rowHeight = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row')) || 28
      this.#layOut()
    })
    this.#observer.observe(element)
    source.onFrame = this.#frame
  }

  destroy(): void {
    this.#observer.disconnect()
    this.#release()
    this.element.removeEventListener('scroll', this.#scrolled)
    this.#source.onFrame = () => {}
    this.element.replaceChildren()
  }

  /** `chosen` are widths that the person set: they stay whatever room there is. */
  columns(columns: readonly Shown[], sort: readonly SortMark[], chosen: Readonly<Record<string, number>> = {}): void {
    this.#arranged = columns
    this.#chosen = chosen
    this.#sort = sort
    this.#layOut()
  }

  #layOut(): void {
    const columns = fitted(this.#arranged, this.element.clientWidth, this.#chosen)
    this.#columns = columns
    const widths = columns.map((shown) => shown.width)
    const total = widths.reduce((sum, width) => sum + width, 0)
    const style = this.element.style
    style.setProperty('--cols', `${widths.map((width) => `${width}px`).join(' ')} minmax(0, 1fr)`)
    style.setProperty('--cols-width', `${total}px`)
    this.element.setAttribute('aria-colcount', String(columns.length))
    this.#headAt = Math.min(this.#headAt, columns.length - 1)
    this.draw()
  }

  /** Which rows are drawn grey because their source is not live. */
  old(isOld: (row: Row) => boolean): void {
    this.#isOld = isOld
    this.draw()
  }

  /** Another list: back to its first row, without marks. */
  reset(): void {
    this.#cursor = 0
    this.#anchor = 0
    this.#cursorKey = null
    this.#fresh = true
    this.#headAt = -1
    this.#tail.reset()
    // One that follows stays at the end: until the new rows are here, the old ones do.
    if (!this.#tail.following) this.#scroll(0)
    this.unmark()
    this.draw()
  }

  /** Stays at the newest row, which is the last one, until somebody scrolls up or goes to a row. */
  follow(on: boolean): void {
    this.#tail.follow(on, this.#source.head.get().total)
    if (on) this.#fresh = true
    this.draw()
  }

  /** Shows no row that comes from now on, until told otherwise; the list goes on behind it. */
  freeze(on: boolean): void {
    this.#tail.freeze(on, this.#source.head.get().total)
    this.draw()
  }

  get rowHeight(): number {
    return this.#rowHeight
  }

  get total(): number {
    return this.#tail.total(this.#source.head.get().total)
  }

  cursor(): Row | undefined {
    return this.#source.rowAt(this.#cursor)
  }

  /** The rows that an act is for: the marked ones, else the one under the cursor. */
  chosen(): Identity[] {
    if (this.marks.size > 0) return this.marks.all()
    const row = this.cursor()
    return row === undefined ? [] : [identity(row)]
  }

  /** Puts the cursor on a row that is in the window. */
  find(namespace: string, name: string): void {
    const { at } = this.#source.query
    let index = at
    for (const row of this.#source.rows()) {
      if (row[2] === namespace && row[3] === name) {
        this.moveTo(index, false)
        return
      }
      index += 1
    }
  }

  moveBy(step: number): void {
    if (this.#tail.following) this.#cursor = this.total
    if (this.#headAt >= 0) {
      if (step > 0) this.#focusHead(-1)
      return
    }
    if (step === -1 && this.#cursor === 0) this.#focusHead(0)
    else this.moveTo(this.#cursor + step)
  }

  page(direction: 1 | -1): void {
    this.moveTo(this.#cursor + direction * Math.max(1, this.#visible() - 2))
  }

  first(): void {
    this.moveTo(0)
  }

  last(): void {
    this.moveTo(this.total - 1)
  }

  sideways(direction: 1 | -1): void {
    if (this.#headAt >= 0) {
      this.#focusHead(Math.max(0, Math.min(this.#columns.length - 1, this.#headAt + direction)))
    } else this.element.scrollLeft += direction * 80
  }

  moveTo(index: number, tell = true): void {
    this.#tail.follow(false, this.#source.head.get().total)
    this.#headAt = -1
    this.#fresh = false
    this.#cursor = Math.max(0, Math.min(this.total - 1, index))
    this.#cursorKey = this.#source.rowAt(this.#cursor)?.[0] ?? null
    this.#reveal()
    this.draw()
    if (tell) this.#tellCursor()
  }

  /** Enter: opens the row, or sorts by the heading that has the cursor. */
  enter(): void {
    const heading = this.#columns[this.#headAt]
    const row = this.cursor()
    if (heading !== undefined) this.#events.sort(heading.column.id, false)
    else if (row !== undefined) this.#events.enter(identity(row))
  }

  /** The menu of the row or the heading under the cursor. */
  menu(): void {
    const id = this.#headAt >= 0 ? `column-${this.#headAt}` : `row-${this.#cursor}`
    const box = this.element.querySelector(`#${id}`)?.getBoundingClientRect()
    if (box === undefined) return
    const heading = this.#columns[this.#headAt]
    if (heading !== undefined) this.#events.columnMenu(heading.column.id, box.left, box.bottom)
    else this.menuAt(Math.max(box.left, 0) + 160, box.bottom)
  }

  menuAt(x: number, y: number): void {
    this.#events.menu(x, y)
  }

  toggleMark(): void {
    const row = this.cursor()
    if (row === undefined) return
    this.marks.set(row, !this.marks.has(row[0]))
    this.#anchor = this.#cursor
    this.#tellMarks()
    this.moveTo(this.#cursor + 1)
  }

  /** Marks from the last mark to `to`. */
  async markRange(to = this.#cursor, from = this.#anchor): Promise<void> {
    const at = Math.min(from, to)
    const len = Math.abs(to - from) + 1
    const here = Array.from({ length: len }, (_, step) => this.#source.rowAt(at + step))
    const rows = here.includes(undefined) ? await this.#events.read(at, len) : here
    for (const row of rows) if (row !== undefined) this.marks.set(row, true)
    this.#tellMarks()
  }

  setAnchor(index: number): void {
    this.#anchor = index
  }

  unmark(): void {
    if (this.marks.size === 0) return
    this.marks.clear()
    this.#tellMarks()
  }

  /** The absolute index of the row at a height of the page. */
  indexAt(clientY: number): number {
    const top = this.#canvas.getBoundingClientRect().top
    return Math.max(0, Math.min(this.total - 1, Math.floor((clientY - top) / this.#rowHeight)))
  }

  openAt(index: number): void {
    const row = this.#source.rowAt(index)
    if (row !== undefined) this.#events.open(identity(row))
  }

  toggleAt(index: number): void {
    const row = this.#source.rowAt(index)
    if (row === undefined) return
    this.marks.set(row, !this.marks.has(row[0]))
    this.#tellMarks()
  }

  /** Draws in the next animation frame. */
  draw = (): void => {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.#paint()
    })
  }

  #scrolled = (): void => {
    const top = this.element.scrollTop
    // Whoever scrolls up wants to read: what comes is counted.
    if (top < this.#top - 2) this.#tail.follow(false, this.#source.head.get().total)
    this.#top = top
    this.draw()
  }

  /** Scrolls there. Size and place are kept here: to ask the page for them between writes would lay it out each time. */
  #scroll(top: number): void {
    if (this.#top === top) return
    this.#top = top
    this.element.scrollTop = top
  }

  #frame = (changed: readonly Changed[] | null): void => {
    if (changed === null) this.#changed = []
    else this.#changed.push(...changed)
    this.#stay()
    this.#tail.heard(this.#source.head.get().total)
    // Rows that went or came above what is read must not move it.
    const shift = this.#tail.shift((key) => this.#source.indexOf(key))
    if (shift !== 0) {
      this.#canvas.style.height = `${this.total * this.#rowHeight}px`
      this.#scroll(Math.max(0, this.#top + shift * this.#rowHeight))
    }
    this.draw()
  }

  /** Keeps the cursor on its object while the list changes around it. */
  #stay(): void {
    if (this.#tail.following) return
    if (this.#cursorKey !== null) {
      const index = this.#source.indexOf(this.#cursorKey)
      if (index >= 0) {
        this.#cursor = index
        return
      }
    }
    const { total } = this
    if (total > 0 && this.#cursor >= total) this.#cursor = total - 1
    const here = this.#source.rowAt(this.#cursor)
    if (here === undefined || here[0] === this.#cursorKey) return
    this.#cursorKey = here[0]
    if (!this.#fresh) this.#tellCursor()
  }

  #paint(): void {
    const total = this.total
    const height = total * this.#rowHeight
    if (this.#canvas.style.height !== `${height}px`) this.#canvas.style.height = `${height}px`
    this.element.setAttribute('aria-rowcount', String(total + 1))
    this.#head.show(this.#columns, this.#sort, this.#headAt)

    const visible = this.#visible()
    const most = Math.max(0, height + this.#rowHeight - this.#room)
    const { following } = this.#tail
    if (following) {
      this.#scroll(most)
      this.#cursor = Math.max(0, total - 1)
      this.#cursorKey = null
    }
    const top = Math.floor(Math.min(this.#top, most) / this.#rowHeight)
    const first = Math.max(0, Math.min(top - OVERSCAN, total - visible))
    const last = Math.min(total, top + visible + OVERSCAN)
    this.#window(top, visible, total)
    this.#tail.seen(top, this.#source.rowAt(top)?.[0] ?? null)
    this.#size(visible + 2 * OVERSCAN + 1)
    const nowMs = this.#now()
    const length = this.#pool.length
    const drawn = new Set<number>()
    for (let index = first; index < last; index++) {
      const slot = index % length
      const element = this.#pool[slot]
      if (element === undefined) continue
      drawn.add(slot)
      const row = this.#source.rowAt(index)
      element.draw(index, row, this.#columns, nowMs, row === undefined ? undefined : this.#source.mark(row[0]))
      element.aside(asideOf(row, this.#sort.length === 0 ? this.#source.rowAt(index - 1) : undefined, this.#columns))
      element.state(
        index === this.#cursor && this.#headAt < 0 && !following,
        row !== undefined && this.marks.has(row[0]),
        row !== undefined && this.#isOld(row),
      )
    }
    for (const [slot, element] of this.#pool.entries()) element.element.hidden = !drawn.has(slot)
    this.#glow()
    const active = this.#headAt >= 0 ? `column-${this.#headAt}` : `row-${this.#cursor}`
    const exists = this.#headAt >= 0 || (!following && this.#cursor >= first && this.#cursor < last)
    if (exists) this.element.setAttribute('aria-activedescendant', active)
    else this.element.removeAttribute('aria-activedescendant')
  }

  #glow(): void {
    if (this.#changed.length === 0) return
    const elements = new Map(this.#pool.filter((row) => row.key !== null).map((row) => [row.key, row]))
    for (const [key, column] of this.#changed) elements.get(key)?.glow(column)
    this.#changed = []
  }

  /** Asks for another window when the screen comes near the edge of this one. */
  #window(top: number, visible: number, total: number): void {
    const ahead = this.#tail.following ? 400 : 0
    const next = moved(this.#source.query, { top, visible, total, ahead })
    if (next !== null && this.#source.head.get().ready) this.#source.move(next.at, next.len)
  }

  #size(count: number): void {
    while (this.#pool.length < count) {
      const row = new RowElement()
      this.#pool.push(row)
      this.#canvas.append(row.element)
    }
  }

  #visible(): number {
    return Math.max(1, Math.ceil((this.#room - this.#rowHeight) / this.#rowHeight))
  }

  #reveal(): void {
    const top = this.#cursor * this.#rowHeight
    const room = this.#room - this.#rowHeight
    if (top < this.#top) this.#scroll(top)
    else if (top + this.#rowHeight > this.#top + room) {
      this.#canvas.style.height = `${this.total * this.#rowHeight}px`
      this.#scroll(top + this.#rowHeight - room)
    }
  }

  #focusHead(at: number): void {
    this.#headAt = at
    this.draw()
  }

  #tellCursor(): void {
    const row = this.cursor()
    this.#events.cursor(row === undefined ? null : identity(row))
  }

  #tellMarks(): void {
    this.#events.marks(this.marks.size)
    this.draw()
  }
}
