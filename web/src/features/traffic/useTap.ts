/** Reads one tap; again when its row says that it changed, at most each second. */

import type { ErrorBody, Tap } from '../../wire/api'
import { readTap } from '../../wire/taps'
import { useReread } from './useReread'

export type Tapping = { is: 'reading' } | { is: 'here'; tap: Tap } | { is: 'failed'; error: ErrorBody }

export interface UseTap {
  state: Tapping
  /** Reads it now. */
  again(): void
  /** What an act answered. */
  set(tap: Tap): void
}

const PACE_MS = 1000

export function useTap(id: string): UseTap {
  const [state, set, again] = useReread(id, readTap, PACE_MS)
  return { state: state.is === 'here' ? { is: 'here', tap: state.value } : state, again, set }
}
