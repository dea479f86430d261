/** The heading row: sort by click, widths by dragging the edge, order by dragging the title. */

import { type Arrangement, moved, type Shown } from './columns'
import css from './grid.module.css'

export interface SortMark {
  column: string
  descending: boolean
}

export interface HeadEvents {
  sort(column: string, additive: boolean): void
  /** A width or an order changed; `done` when the pointer was let go. */
  arranged(change: Partial<Arrangement>, done: boolean): void
  menu(column: string, x: number, y: number): void
}

export class Head {
  readonly element = document.createElement('div')
  #columns: readonly Shown[] = []
  #sort: readonly SortMark[] = []
  #active = -1
  #events: HeadEvents

  constructor(events: HeadEvents) {
    this.#events = events
    this.element.className = css.head ?? ''
    this.element.setAttribute('role', 'row')
    this.element.setAttribute('aria-rowindex', '1')
    this.element.addEventListener('pointerdown', (event) => this.#press(event))
    this.element.addEventListener('contextmenu', (event) => {
      const id = this.#idAt(event.target)
      if (id === null) return
      event.preventDefault()
      this.#events.menu(id, event.clientX, event.clientY)
    })
  }

  show(columns: readonly Shown[], sort: readonly SortMark[], active: number): void {
    if (columns === this.#columns && sameSort(sort, this.#sort) && active === this.#active) return
    this.#columns = columns
    this.#sort = sort
    this.#active = active
    this.element.replaceChildren(...columns.map((shown, at) => this.#heading(shown, at)))
  }

  get columns(): readonly Shown[] {
    return this.#columns
  }

  #heading(shown: Shown, at: number): HTMLElement {
    const { column } = shown
    const box = document.createElement('div')
    box.id = `column-${at}`
    box.dataset['column'] = column.id
    box.className = `${css.heading}${shown.right ? ` ${css.right}` : ''}${at === this.#active ? ` ${css.active}` : ''}`
    box.setAttribute('role', 'columnheader')
    box.setAttribute('aria-colindex', String(at + 1))
    if (column.help) box.title = column.help
    const title = document.createElement('span')
    title.className = css.title ?? ''
    title.textContent = column.title
    box.append(title)
    const sort = this.#sort.find((item) => item.column === column.id)
    box.setAttribute('aria-sort', sort === undefined ? 'none' : sort.descending ? 'descending' : 'ascending')
    if (sort !== undefined) {
      const arrow = document.createElement('span')
      arrow.className = css.arrow ?? ''
      arrow.setAttribute('aria-hidden', 'true')
      arrow.textContent = sort.descending ? '▼' : '▲'
      box.append(arrow)
    }
    const edge = document.createElement('span')
    edge.className = css.resize ?? ''
    edge.dataset['edge'] = column.id
    box.append(edge)
    return box
  }

  #idAt(target: EventTarget | null): string | null {
    const box = target instanceof Element ? target.closest<HTMLElement>('[data-column]') : null
    return box?.dataset['column'] ?? null
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return
    const id = this.#idAt(event.target)
    if (id === null) return
    const edge = event.target instanceof HTMLElement ? event.target.dataset['edge'] : undefined
    if (edge !== undefined) this.#resize(event, edge)
    else this.#dragOrSort(event, id)
  }

  #resize(start: PointerEvent, id: string): void {
    const from = this.#columns.find((shown) => shown.column.id === id)?.width ?? 0
    const width = (event: PointerEvent) => Math.max(44, Math.round(from + event.clientX - start.clientX))
    track(
      start,
      (event) => this.#events.arranged({ widths: { [id]: width(event) } }, false),
      (event) => this.#events.arranged({ widths: { [id]: width(event) } }, true),
    )
  }

  #dragOrSort(start: PointerEvent, id: string): void {
    let dragging = false
    let to = -1
    track(
      start,
      (event) => {
        if (!dragging && Math.abs(event.clientX - start.clientX) < 6) return
        dragging = true
        to = this.#columnAt(event.clientX)
        for (const [at, child] of [...this.element.children].entries()) {
          child.classList.toggle(css.before ?? '', at === to)
          child.classList.toggle(css.dragged ?? '', (child as HTMLElement).dataset['column'] === id)
        }
      },
      (event) => {
        if (!dragging) this.#events.sort(id, event.shiftKey)
        else if (to >= 0) this.#events.arranged({ order: moved(this.#columns, id, to) }, true)
        for (const child of this.element.children) child.classList.remove(css.before ?? '', css.dragged ?? '')
      },
    )
  }

  #columnAt(x: number): number {
    const boxes = [...this.element.children].map((child) => child.getBoundingClientRect())
    const found = boxes.findIndex((box) => x < box.left + box.width / 2)
    return found < 0 ? boxes.length - 1 : found
  }
}

/** A route that is parsed anew has another list with the same marks. */
function sameSort(one: readonly SortMark[], other: readonly SortMark[]): boolean {
  const same = (mark: SortMark, at: number) =>
    mark.column === other[at]?.column && mark.descending === other[at]?.descending
  return one === other || (one.length === other.length && one.every(same))
}

/** Follows one pointer until it is let go. */
export function track(
  start: PointerEvent,
  move: (event: PointerEvent) => void,
  end: (event: PointerEvent) => void,
): void {
  const done = (event: PointerEvent) => {
    window.removeEventListener('pointermove', move)
    window.removeEventListener('pointerup', done)
    window.removeEventListener('pointercancel', done)
    if (event.type === 'pointerup') end(event)
  }
  start.preventDefault()
  window.addEventListener('pointermove', move)
  window.addEventListener('pointerup', done)
  window.addEventListener('pointercancel', done)
}
