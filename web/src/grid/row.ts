/**
 * One row element of the pool. It remembers what it shows and touches the DOM only where that differs; object text
 * enters the page as text nodes and nowhere else.
 */

import { display, level, SHAPES } from '../lib/cell'
import { elide } from '../lib/text'
import type { Row } from '../wire/api'
import { type Aside, NONE } from './asides'
import { CHARACTER, PADDING, type Shown } from './columns'
import css from './grid.module.css'

/** What a row is about; other words stand back. */
const MAIN: ReadonlySet<string> = new Set(['name', 'request', 'title'])

interface CellElement {
  box: HTMLElement
  shape: HTMLElement | null
  text: Text
  shown: string
  className: string
  again: boolean
}

export class RowElement {
  readonly element = document.createElement('div')
  #cells: CellElement[] = []
  #columns: readonly Shown[] | null = null
  #index = -1
  #className = ''
  #mark: string | undefined
  #aside: Aside = NONE
  #sign: HTMLElement | null = null
  key: number | null = null

  constructor() {
    this.element.setAttribute('role', 'row')
  }

  /** Draws `row` (undefined: not here yet) as the row `index` of the list; `mark` says why it is not whole. */
  draw(index: number, row: Row | undefined, columns: readonly Shown[], nowMs: number, mark?: string): void {
    if (this.#columns !== columns) this.#build(columns)
    if (this.#index !== index) {
      this.#index = index
      this.element.id = `row-${index}`
      this.element.setAttribute('aria-rowindex', String(index + 2))
      this.element.style.transform = `translateY(calc(var(--row) * ${index}))`
    }
    const key = row === undefined ? null : row[0]
    if (key !== this.key) this.#calm()
    this.key = key
    // A row whose status is neither good nor bad (Completed) asks for nothing: its ratio is no warning.
    const status = columns.find((column) => column.column.type === 'status')
    const calm = row === undefined || (status !== undefined && level(row[4][status.index] ?? null) === 0)
    for (let at = 0; at < columns.length; at++) {
      const column = columns[at]
      const cell = this.#cells[at]
      if (column !== undefined && cell !== undefined) fill(cell, row, column, nowMs, calm)
    }
    this.#partial(mark)
  }

  /** What stands beside the cells: drawn by the row itself, said by its title. */
  aside({ what, silence }: Aside): void {
    if (what === this.#aside.what && silence === this.#aside.silence) return
    this.#aside = { what, silence }
    this.element.dataset['what'] = what
    this.element.toggleAttribute('data-silence', silence !== '')
    this.element.title = silence
  }

  state(cursor: boolean, marked: boolean, old: boolean): void {
    const waiting = this.key === null
    const className = `${css.row}${cursor ? ` ${css.cursor}` : ''}${marked ? ` ${css.marked}` : ''}${old ? ` ${css.old}` : ''}${waiting ? ` ${css.waiting}` : ''}`
    if (className === this.#className) return
    this.#className = className
    this.element.className = className
    this.element.setAttribute('aria-selected', String(marked || cursor))
  }

  /** The sign of an object that could be read only in part stands before its name. */
  #partial(mark: string | undefined): void {
    if (mark === this.#mark) return
    this.#mark = mark
    this.#sign?.remove()
    this.#sign = null
    const at = this.#columns?.findIndex((column) => column.column.id === 'name') ?? -1
    const box = (this.#cells[at] ?? this.#cells[0])?.box
    if (mark === undefined || box === undefined) return
    const sign = document.createElement('span')
    sign.className = css.partial ?? ''
    sign.setAttribute('role', 'img')
    sign.setAttribute('aria-label', `read only in part: ${mark}`)
    sign.title = `decode_partial: ${mark}. Cells that could not be read are empty; open the row for the object as the server has it.`
    sign.textContent = '▲'
    box.prepend(sign)
    this.#sign = sign
  }

  /** Lets the cell of a column glow once. */
  glow(columnIndex: number): void {
    const at = this.#columns?.findIndex((column) => column.index === columnIndex) ?? -1
    const cell = this.#cells[at]
    if (cell === undefined) return
    cell.again = !cell.again
    cell.box.classList.remove(css.glow ?? '', css.again ?? '')
    cell.box.classList.add(...[css.glow, cell.again ? css.again : css.glow].filter((name) => name !== undefined))
  }

  /** A glow belongs to an object, not to the place where it stood. */
  #calm(): void {
    for (const cell of this.#cells) cell.box.classList.remove(css.glow ?? '', css.again ?? '')
  }

  #build(columns: readonly Shown[]): void {
    this.#columns = columns
    this.#mark = undefined
    this.#sign = null
    this.#cells = columns.map((column, at) => {
      const box = document.createElement('div')
      box.setAttribute('role', 'gridcell')
      box.setAttribute('aria-colindex', String(at + 1))
      const text = document.createTextNode('')
      let shape: HTMLElement | null = null
      if (column.column.type === 'status') {
        shape = document.createElement('span')
        shape.className = css.shape ?? ''
        shape.setAttribute('aria-hidden', 'true')
        box.append(shape)
      }
      box.append(text)
      return { box, shape, text, shown: '', className: '', again: false }
    })
    this.element.replaceChildren(...this.#cells.map((cell) => cell.box))
  }
}

function fill(cell: CellElement, row: Row | undefined, shown: Shown, nowMs: number, calm: boolean): void {
  const { column } = shown
  const value = row === undefined ? null : (row[4][shown.index] ?? null)
  let text = row === undefined ? '' : display(value, column.type, nowMs)
  const absent = row !== undefined && text === ''
  let className = css.cell ?? ''
  if (shown.right) className += ` ${css.right}`
  if (absent) {
    text = column.absent === '' ? '–' : column.absent
    className += ` ${css.absent}`
  } else if (column.type === 'status') {
    const good = level(value)
    className += ` ${css[`level${good}`] ?? ''}`
    const shape = SHAPES[good]
    if (cell.shape !== null && cell.shape.textContent !== shape) cell.shape.textContent = shape
  } else if (!MAIN.has(column.id) && (column.type === 'text' || column.type === 'clock')) className += ` ${css.quiet}`
  else if (column.type === 'ratio' && !calm && Array.isArray(value) && value[0] !== value[1])
    className += ` ${css.level3}`
  else if (column.type === 'restarts') className += ` ${css[restartLevel(value)] ?? ''}`
  if (absent && cell.shape !== null) cell.shape.textContent = ''

  const room = Math.floor((shown.width - PADDING) / CHARACTER)
  const drawn = column.type === 'text' && text.length > room && !text.includes(' ') ? elide(text, room) : text
  if (cell.className !== className) {
    cell.className = className
    cell.box.className = className
  }
  if (cell.shown === drawn && cell.text.data === drawn) {
    if (drawn === text) return
  } else {
    cell.shown = drawn
    cell.text.data = drawn
  }
  const long = text.length > room
  if (long && cell.box.title !== text) cell.box.title = text
  else if (!long && cell.box.title !== '') cell.box.title = ''
}

function restartLevel(value: unknown): 'level0' | 'level3' | 'level4' | 'quiet' {
  const count = Array.isArray(value) ? value[0] : 0
  return count >= 3 ? 'level4' : count >= 1 ? 'level3' : 'quiet'
}
