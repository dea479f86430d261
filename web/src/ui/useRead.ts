/** Something that is read when it is looked at, when it becomes another, and when somebody asks again. */

import { useCallback, useEffect, useState } from 'react'
import type { ErrorBody } from '../wire/api'
import { errorBody } from '../wire/rest'

export interface Read<T> {
  /** What was read last; it stays until what comes is here. */
  value: T | null
  /** Why it could not be read; null once it was. */
  error: ErrorBody | null
  busy: boolean
  again: () => void
}

/**
 * `read` is called anew when one of `of` is another; `rest` milliseconds after that, so that typing reads once. `null` reads
 * nothing.
 */
export function useRead<T>(
  read: ((signal: AbortSignal) => Promise<T>) | null,
  of: readonly unknown[],
  rest = 0,
): Read<T> {
  const [state, setState] = useState<Omit<Read<T>, 'again'>>({ value: null, error: null, busy: true })
  const [turn, setTurn] = useState(0)
  const off = read === null
  // biome-ignore lint/correctness/useExhaustiveDependencies: `of` says what it reads, and a turn reads the same again
  useEffect(() => {
    if (read === null) return
    const abort = new AbortController()
    const once = () => {
      setState((before) => ({ ...before, busy: true }))
      read(abort.signal).then(
        (value) => {
          if (!abort.signal.aborted) setState({ value, error: null, busy: false })
        },
        (thrown) => {
          if (!abort.signal.aborted) setState((before) => ({ ...before, error: errorBody(thrown), busy: false }))
        },
      )
    }
    const timer = rest > 0 ? setTimeout(once, rest) : undefined
    if (timer === undefined) once()
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [...of, off, turn])
  return { ...state, again: useCallback(() => setTurn((turn) => turn + 1), []) }
}
