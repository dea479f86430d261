/**
 * Parts of the page that are no part of its first paint: fetched when the page is idle, so that they are there before
 * they are asked for. Once fetched they are drawn at once: what suspends comes a while after its own key, and the next
 * keys are lost.
 */

import { type ComponentType, useEffect, useState } from 'react'

/** One part, and who fetches it. */
export interface Part<P> {
  fetch(): Promise<{ default: ComponentType<P> }>
  here: ComponentType<P> | null
}

export function part<P>(fetch: Part<P>['fetch']): Part<P> {
  return { fetch, here: null }
}

/** The part, or null until it is there; `wanted` fetches it at once. */
export function useLoaded<P>(of: Part<P>, wanted: boolean): ComponentType<P> | null {
  const [, loaded] = useState(false)
  useEffect(() => {
    if (of.here !== null) return
    let here = true
    const fetch = () => {
      void of.fetch().then((module) => {
        of.here = module.default
        if (here) loaded(true)
      })
    }
    const idle = wanted ? 0 : whenIdle(fetch)
    if (wanted) fetch()
    return () => {
      here = false
      if (idle !== 0) cancelIdle(idle)
    }
  }, [of, wanted])
  return of.here
}

/** Safari has no idle callbacks. */
const whenIdle = (run: () => void): number =>
  typeof requestIdleCallback === 'function'
    ? requestIdleCallback(run, { timeout: 3000 })
    : Number(setTimeout(run, 1000))
const cancelIdle = (id: number): void =>
  typeof cancelIdleCallback === 'function' ? cancelIdleCallback(id) : clearTimeout(id)
