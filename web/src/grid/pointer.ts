/** What the mouse does on the rows: click opens, drag and Shift mark a range, Ctrl marks one, right-click offers acts. */

import type { Grid } from './grid'
import { track } from './head'

/** Listens on the canvas of a grid; the answer stops that. */
export function pointer(grid: Grid, canvas: HTMLElement): () => void {
  const press = (start: PointerEvent) => {
    if (start.button !== 0) return
    grid.element.focus({ preventScroll: true })
    const from = grid.indexAt(start.clientY)
    let to = from
    track(
      start,
      (event) => {
        const at = grid.indexAt(event.clientY)
        if (at === to) return
        to = at
        if (!start.ctrlKey && !start.metaKey) grid.unmark()
        grid.moveTo(to, false)
        grid.setAnchor(from)
        void grid.markRange(to, from)
      },
      () => {
        if (to === from) click(grid, from, start)
      },
    )
  }
  const menu = (event: MouseEvent) => {
    event.preventDefault()
    grid.element.focus({ preventScroll: true })
    grid.moveTo(grid.indexAt(event.clientY))
    grid.menuAt(event.clientX, event.clientY)
  }
  canvas.addEventListener('pointerdown', press)
  canvas.addEventListener('contextmenu', menu)
  return () => {
    canvas.removeEventListener('pointerdown', press)
    canvas.removeEventListener('contextmenu', menu)
  }
}

function click(grid: Grid, index: number, event: PointerEvent): void {
  if (event.ctrlKey || event.metaKey) {
    grid.setAnchor(index)
    grid.toggleAt(index)
    grid.moveTo(index, false)
  } else if (event.shiftKey) {
    grid.moveTo(index, false)
    void grid.markRange(index)
  } else {
    grid.setAnchor(index)
    grid.moveTo(index)
    grid.openAt(index)
  }
}
