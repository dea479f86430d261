/** What is said of a tap: read when it is looked at, and again when the tap moved, with a pause between. */

import { useEffect, useState } from 'react'
import { useConsole } from '../../ui/console'
import type { ErrorBody } from '../../wire/api'
import { errorBody } from '../../wire/rest'

export type Read<T> = { is: 'reading' } | { is: 'here'; value: T } | { is: 'failed'; error: ErrorBody; again(): void }

/** `read` must stay the same function as long as it reads the same. */
export function useReread<T>(
  tap: string,
  read: (tap: string, signal: AbortSignal) => Promise<T>,
  paceMs: number,
): [Read<T>, (value: T) => void, () => void] {
  const { taps, socket } = useConsole()
  const [state, setState] = useState<Read<T>>({ is: 'reading' })
  const [attempt, setAttempt] = useState(0)
  const again = () => setAttempt((count) => count + 1)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is there to read again
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let busy = false
    let missed = false
    const once = () => {
      busy = true
      missed = false
      read(tap, abort.signal).then(
        (value) => done({ is: 'here', value }),
        (error) => done({ is: 'failed', error: errorBody(error), again }),
      )
    }
    const done = (next: Read<T>) => {
      if (abort.signal.aborted) return
      // What was read stays on the screen when the server cannot be asked for a while.
      setState((now) => (next.is === 'failed' && now.is === 'here' && next.error.code !== 'not_found' ? now : next))
      timer = setTimeout(() => {
        busy = false
        if (missed) moved()
      }, paceMs)
    }
    const moved = () => {
      if (busy || document.hidden) missed = true
      else once()
    }
    const seen = () => missed && moved()
    once()
    // The list of taps has a row for this one, whose counters move with it.
    const unwatch = [taps.watchFrames(moved), socket.link.watch(moved)]
    document.addEventListener('visibilitychange', seen)
    return () => {
      abort.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', seen)
      for (const end of unwatch) end()
    }
  }, [taps, socket, tap, read, paceMs, attempt])
  return [state, (value) => setState({ is: 'here', value }), again]
}

const PACE_MS = 2000

/** A sum over the records of a tap. */
export function useSummary<T>(tap: string, read: (tap: string, signal: AbortSignal) => Promise<T>): Read<T> {
  return useReread(tap, read, PACE_MS)[0]
}
