/** The arrangement of a list's columns; remembered when a change is complete. */

import { useEffect, useRef, useState } from 'react'
import { type Arrangement, loadArrangement, saveArrangement } from '../grid/columns'

type Change = (change: Partial<Arrangement>, done: boolean) => void

/** `name` is the kind, or the name of a list that is no kind. */
export function useArrangement(name: string): [Arrangement, Change] {
  const [held, setHeld] = useState({ name, arrangement: loadArrangement(name) })
  let current = held
  if (held.name !== name) {
    current = { name, arrangement: loadArrangement(name) }
    setHeld(current)
  }
  const latest = useRef(current)
  useEffect(() => {
    latest.current = current
  })
  const change: Change = (part, done) => {
    const { arrangement } = latest.current
    const next = {
      order: part.order ?? arrangement.order,
      visible: { ...arrangement.visible, ...part.visible },
      widths: { ...arrangement.widths, ...part.widths },
    }
    latest.current = { name, arrangement: next }
    setHeld(latest.current)
    if (done) saveArrangement(name, next)
  }
  return [current.arrangement, change]
}
