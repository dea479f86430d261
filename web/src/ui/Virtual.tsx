import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import css from './virtual.module.css'

/** Rows of these lists are as high as a line of text. */
const LINE = 18
/** Browsers draw nothing beyond a height like this. */
const TALLEST = 12_000_000

interface Props {
  count: number
  /** Height of a row in pixels. */
  row?: number
  label: string
  className?: string | undefined
  /** Draws row `at`. */
  children: (at: number) => ReactNode
  /** Which rows are on the screen. */
  seen?: (from: number, to: number) => void
  /** The chosen row, where one can be chosen: then it is a list of options. */
  chosen?: number
  choose?: (at: number) => void
}

/** A list of any length: only what is on the screen is in the page. */
export function Virtual({ count, row = LINE, label, className = '', children, seen, chosen, choose }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const [[top, height], setPlace] = useState([0, 600])
  const from = Math.max(0, Math.floor(top / row) - 4)
  const to = Math.min(count, Math.ceil((top + height) / row) + 4)
  const latest = useRef(seen)
  useEffect(() => {
    latest.current = seen
  })
  useEffect(() => latest.current?.(from, to), [from, to])
  useLayoutEffect(() => {
    const element = host.current
    if (element === null) return
    const measure = () => setPlace([element.scrollTop, element.clientHeight])
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [])
  const show = (at: number) => {
    const element = host.current
    if (element === null) return
    if (at * row < element.scrollTop) element.scrollTop = at * row
    else if ((at + 1) * row > element.scrollTop + element.clientHeight)
      element.scrollTop = (at + 1) * row - element.clientHeight
  }
  // What is chosen from outside comes into sight too.
  const latestShow = useRef(show)
  useEffect(() => {
    latestShow.current = show
  })
  useEffect(() => {
    if (chosen !== undefined) latestShow.current(chosen)
  }, [chosen])
  const keys = (event: KeyboardEvent) => {
    const at = stepped(event, chosen ?? 0, count, Math.max(1, Math.floor(height / row) - 1))
    if (at === null || choose === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    choose(at)
  }
  const rows = Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
  const options = choose !== undefined
  const id = (at: number) => `${label.replaceAll(' ', '-').toLowerCase()}-${at}`
  const active = options && chosen !== undefined && chosen >= from && chosen < to ? id(chosen) : undefined
  const what = options
    ? { tabIndex: 0, 'aria-label': label, role: 'listbox', 'aria-activedescendant': active, onKeyDown: keys }
    : { tabIndex: 0, 'aria-label': label, role: 'region' }
  return (
    <div ref={host} className={`${css.host} ${className}`} {...what}>
      <div
        className={css.space}
        role="presentation"
        ref={(element) => element?.style.setProperty('height', `${Math.min(TALLEST, count * row)}px`)}
      />
      <div
        className={css.rows}
        role="presentation"
        ref={(element) => element?.style.setProperty('transform', `translateY(${from * row}px)`)}
      >
        {rows.map((at) =>
          options ? (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys of all its options
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active option
            <div
              key={at}
              id={id(at)}
              className={css.row}
              role="option"
              aria-selected={at === chosen}
              aria-posinset={at + 1}
              aria-setsize={count}
              onClick={() => choose(at)}
            >
              {children(at)}
            </div>
          ) : (
            <div key={at} className={css.row}>
              {children(at)}
            </div>
          ),
        )}
      </div>
    </div>
  )
}

function stepped({ key, shiftKey }: KeyboardEvent, at: number, count: number, page: number): number | null {
  const last = count - 1
  const wanted =
    key === 'ArrowDown' || key === 'j'
      ? at + 1
      : key === 'ArrowUp' || key === 'k'
        ? at - 1
        : key === 'PageDown'
          ? at + page
          : key === 'PageUp'
            ? at - page
            : key === 'Home' || (key === 'g' && !shiftKey)
              ? 0
              : key === 'End' || key === 'G'
                ? last
                : null
  return wanted === null || last < 0 ? null : Math.max(0, Math.min(last, wanted))
}
