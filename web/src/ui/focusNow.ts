import type { RefObject } from 'react'

/**
 * Takes the focus before the next key does: left to themselves layers wait for a frame, and what is typed until then is
 * lost. The answer says whether the layer still has to look for something.
 */
export function focusNow(focus: RefObject<HTMLElement | null>): boolean {
  focus.current?.focus({ preventScroll: true })
  return focus.current === null
}
