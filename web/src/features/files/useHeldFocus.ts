import { type RefObject, useEffect, useRef } from 'react'

/** Puts the focus into the list of a view; a list that is left empty takes its focus with it, and the keys stay here. */
export function useHeldFocus(root: RefObject<HTMLElement | null>, empty: boolean): () => void {
  const focus = () => (root.current?.querySelector<HTMLElement>('[role=listbox]') ?? root.current)?.focus()
  const latest = useRef(focus)
  useEffect(() => {
    latest.current = focus
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the list comes or goes
  useEffect(() => {
    const { activeElement } = document
    if (activeElement === document.body || activeElement === root.current) latest.current()
  }, [empty])
  return focus
}
