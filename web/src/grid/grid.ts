/**
 * The grid: a window of rows drawn outside React and patched in place. It asks its source for the part of the list that
 * is on the screen, keeps one tab stop, and tells what happens through `GridEvents`; keys arrive as method calls.
 *
 * A row is a pool element placed by transform: scrolling re-uses elements, a changed cell changes one text node.
 */

import type { Row } from '../wire/api'
import type { Changed, RowList } from '../wire/list'
import type { Arrangement, Shown } from './columns'
import css from './grid.module.css'
import { Head, type SortMark } from './head'
import { type Identity, identity, Marks } from './marks'
import { pointer } from './pointer'
import { RowElement } from './row'

export interface GridEvents {
  /** Where the cursor stands; null while that row is not here yet. */
  cursor(row: Identity | null): void
  open(row: Identity): void
  menu(x: number, y: number): void
  marks(count: number): void
  sort(column: string, additive: boolean): void
  arranged(change: Partial<Arrangement>, done: boolean): void
  columnMenu(column: string, x: number, y: number): void
  /** Rows outside the window, for marking a range. */
  read(at: number, len: number): Promise<readonly Row[]>
}

const OVERSCAN = 8

export class Grid {
  readonly element: HTMLElement
  readonly marks = new Marks()
  #head: Head
  #canvas = document.createElement('div')
  #pool: RowElement[] = []
  #columns: readonly Shown[] = []
  #sort: readonly SortMark[] = []
  #source: RowList
  #events: GridEvents
  #now: () => number
  #cursor = 0
  #cursorKey: number | null = null
  #headAt = -1
  #anchor = 0
  #changed: Changed[] = []
  #scheduled = false
  #rowHeight = 28
  #isOld: (row: Row) => boolean = () => false
  #observer: ResizeObserver
  #release: () => void

  constructor(element: HTMLElement, source: RowList, now: () => number, events: GridEvents) {
    this.element = element
    this.#source = source
    this.#events = events
    this.#now = now
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
    element.addEventListener('scroll', this.draw, { passive: true })
    this.#release = pointer(this, this.#canvas)
    this.#observer = new ResizeObserver(() => {
      this.#rowHeight = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row')) || 28
      this.draw()
    })
    this.#observer.observe(element)
    source.onFrame = this.#frame
  }

  destroy(): void {
    this.#observer.disconnect()
    this.#release()
    this.element.removeEventListener('scroll', this.draw)
    this.#source.onFrame = () => {}
    this.element.replaceChildren()
  }

  columns(columns: readonly Shown[], sort: readonly SortMark[]): void {
    this.#columns = columns
    this.#sort = sort
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
    this.#headAt = -1
    this.element.scrollTop = 0
    this.unmark()
    this.draw()
  }

  get rowHeight(): number {
    return this.#rowHeight
  }

  get total(): number {
    return this.#source.head.get().total
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
    this.#headAt = -1
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
    else if (row !== undefined) this.#events.open(identity(row))
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

  #frame = (changed: readonly Changed[] | null): void => {
    if (changed === null) this.#changed = []
    else this.#changed.push(...changed)
    this.#follow()
    this.draw()
  }

  /** Keeps the cursor on its object while the list changes around it. */
  #follow(): void {
    if (this.#cursorKey !== null) {
      const index = this.#source.indexOf(this.#cursorKey)
      if (index >= 0) {
        this.#cursor = index
        return
      }
    }
    const total = this.total
    if (total > 0 && this.#cursor >= total) this.#cursor = total - 1
    const here = this.#source.rowAt(this.#cursor)
    if (here === undefined || here[0] === this.#cursorKey) return
    this.#cursorKey = here[0]
    this.#tellCursor()
  }

  #paint(): void {
    const total = this.total
    const height = total * this.#rowHeight
    if (this.#canvas.style.height !== `${height}px`) this.#canvas.style.height = `${height}px`
    this.element.setAttribute('aria-rowcount', String(total + 1))
    this.#head.show(this.#columns, this.#sort, this.#headAt)

    const visible = this.#visible()
    const top = Math.floor(this.element.scrollTop / this.#rowHeight)
    const first = Math.max(0, Math.min(top - OVERSCAN, total - visible))
    const last = Math.min(total, top + visible + OVERSCAN)
    this.#window(top, visible, total)
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
      element.draw(index, row, this.#columns, nowMs)
      element.state(
        index === this.#cursor && this.#headAt < 0,
        row !== undefined && this.marks.has(row[0]),
        row !== undefined && this.#isOld(row),
      )
    }
    for (const [slot, element] of this.#pool.entries()) element.element.hidden = !drawn.has(slot)
    this.#glow()
    const active = this.#headAt >= 0 ? `column-${this.#headAt}` : `row-${this.#cursor}`
    const exists = this.#headAt >= 0 || (this.#cursor >= first && this.#cursor < last)
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
    const { at, len } = this.#source.query
    const spare = Math.ceil(visible / 2)
    const before = Math.max(0, top - spare)
    const after = Math.min(total, top + visible + spare)
    if (at <= before && after <= at + len && len >= Math.min(1000, visible * 2)) return
    if (!this.#source.head.get().ready) return
    const size = Math.min(1000, Math.ceil((visible * 3) / 10) * 10)
    this.#source.move(Math.max(0, Math.min(top - visible, total - size)), size)
  }

  #size(count: number): void {
    while (this.#pool.length < count) {
      const row = new RowElement()
      this.#pool.push(row)
      this.#canvas.append(row.element)
    }
  }

  #visible(): number {
    return Math.max(1, Math.ceil((this.element.clientHeight - this.#rowHeight) / this.#rowHeight))
  }

  #reveal(): void {
    const top = this.#cursor * this.#rowHeight
    const room = this.element.clientHeight - this.#rowHeight
    if (top < this.element.scrollTop) this.element.scrollTop = top
    else if (top + this.#rowHeight > this.element.scrollTop + room) {
      this.#canvas.style.height = `${this.total * this.#rowHeight}px`
      this.element.scrollTop = top + this.#rowHeight - room
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
