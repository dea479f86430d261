import type { PointerEvent as ReactPointerEvent } from 'react'
import css from './splitter.module.css'

interface Props {
  label: string
  value: number
  least: number
  most: number
  /** The edge that it stands on; a pane right of it grows to the left. */
  edge?: 'right' | 'left' | 'top'
  onChange: (value: number, done: boolean) => void
}

/** An edge that can be dragged, or moved with the arrow keys. */
export function Splitter({ label, value, least, most, edge = 'right', onChange }: Props) {
  const across = edge === 'top'
  const sign = edge === 'right' ? 1 : -1
  const clamp = (next: number) => Math.round(Math.max(least, Math.min(most, next)))
  const press = (start: ReactPointerEvent<HTMLDivElement>) => {
    const target = start.currentTarget
    const from = across ? start.clientY : start.clientX
    target.setPointerCapture(start.pointerId)
    const at = (event: PointerEvent) => clamp(value + sign * ((across ? event.clientY : event.clientX) - from))
    const move = (event: PointerEvent) => onChange(at(event), false)
    target.addEventListener('pointermove', move)
    const end = (event: PointerEvent) => {
      target.removeEventListener('pointermove', move)
      onChange(at(event), true)
    }
    target.addEventListener('pointerup', end, { once: true })
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that takes a value is a widget, which hr is not
    <div
      className={`${css.splitter} ${css[edge]}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={across ? 'horizontal' : 'vertical'}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      onPointerDown={press}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -16, ArrowUp: -16, ArrowRight: 16, ArrowDown: 16 }[event.key]
        if (step === undefined) return
        event.preventDefault()
        event.stopPropagation()
        onChange(clamp(value + sign * step), true)
      }}
    />
  )
}
