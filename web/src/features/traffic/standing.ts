/** How a tap stands, in a word with a shape. */

import type { Level } from '../../lib/cell'
import { SHAPES } from '../../lib/cell'
import { clock } from '../../lib/time'
import type { Tap, TapTarget } from '../../wire/api'

export interface Standing {
  level: Level
  shape: string
  word: string
}

const of = (level: Level, word: string): Standing => ({ level, shape: level === 0 ? '○' : SHAPES[level], word })

/** A tap that lost anything, or has pods that it could not tap, is never plain green. */
export function standing(
  tap: Pick<Tap, 'state' | 'totals' | 'targets' | 'error'> & Partial<Pick<Tap, 'paused' | 'partial'>>,
): Standing {
  const lossy = tap.totals.lost > 0 || tap.partial === true
  // Since when the first of its streams is broken.
  const since = tap.targets.flatMap(({ lost_ms }) => (lost_ms === undefined ? [] : [lost_ms]))
  const gone = since.length > 0 ? Math.min(...since) : undefined
  switch (tap.state) {
    case 'starting':
      return of(2, 'starting')
    case 'waiting':
      return of(2, 'waits for pods')
    case 'stopping':
      return of(2, 'stopping')
    case 'ended':
      if (tap.error) return of(4, 'ended by a failure')
      return lossy ? of(3, 'ended, with losses') : of(0, 'ended')
    case 'running':
      if (gone !== undefined) return of(3, `reconnecting since ${clock(gone)}`)
      if (tap.paused) return of(2, 'capture held')
      if (lossy) return of(3, 'live, with losses')
      return tap.targets.some(({ error }) => error) ? of(3, 'live, not on all pods') : of(1, 'live')
  }
}

/** How one pod of a tap stands. */
export function podStanding(
  pod: Pick<TapTarget, 'state' | 'error' | 'totals'> & Partial<Pick<TapTarget, 'lost_ms'>>,
): Standing {
  const { state, error, totals, lost_ms: lost } = pod
  // One that captured and failed is another thing than one that never did.
  if (error || state === 'failed') return of(4, totals.packets + totals.records > 0 ? 'failed' : 'not tapped')
  if (lost !== undefined) return of(3, `reconnecting since ${clock(lost)}`)
  if (state === 'ended') return of(0, 'ended')
  if (state === 'capturing' || state === 'running') return totals.lost > 0 ? of(3, 'with losses') : of(1, 'listening')
  return of(2, state)
}
