/** Lines of a workspace's main container: as they are written where the server streams them, else those of now. */

import { useEffect, useState } from 'react'
import type { ErrorBody } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { type Place, readLogs } from '../../../wire/workspaces'

export interface Log {
  lines: readonly string[]
  /** More came than is kept. */
  dropped: number
  error: ErrorBody | null
  /** Nothing has come yet, and something may. */
  reading: boolean
}

export const MOST = 5000
const NONE: Log = { lines: [], dropped: 0, error: null, reading: true }
/** Lines come in bursts; the page draws at most so often. */
const PACE_MS = 100

/** The newest `tail` lines. */
export function useLogs(place: Place, previous: boolean, attempt: number, tail = MOST): Log {
  const [log, setLog] = useState<Log>(NONE)
  const { cluster, namespace, name } = place
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is there to read again
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let waiting: string[] = []
    setLog(NONE)
    const flush = () => {
      timer = undefined
      const more = waiting
      waiting = []
      setLog((now) => added(now, more))
    }
    const take = (line: string) => {
      waiting.push(line)
      timer ??= setTimeout(flush, PACE_MS)
    }
    readLogs({ cluster, namespace, name }, { lines: tail, previous }, take, abort.signal).then(
      () => setLog((now) => ({ ...now, reading: false })),
      (thrown) => {
        if (abort.signal.aborted) return
        setLog((now) => ({ ...now, reading: false, error: errorBody(thrown) }))
      },
    )
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [cluster, namespace, name, previous, attempt, tail])
  return log
}

/** The newest lines stay. */
export function added(log: Log, more: readonly string[]): Log {
  const all = [...log.lines, ...more]
  const over = Math.max(0, all.length - MOST)
  return { ...log, reading: false, lines: over > 0 ? all.slice(over) : all, dropped: log.dropped + over }
}
