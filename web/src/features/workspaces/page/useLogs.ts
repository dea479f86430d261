/** Lines of a workspace's main container: as they are written where the server streams them, else those of now. */

import { useEffect, useState } from 'react'
import type { ErrorBody } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { followLogs, type Place, readLogs } from '../../../wire/workspaces'

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

/** The newest `tail` lines; with `follow` those too that are written from now on. */
export function useLogs(place: Place, previous: boolean, attempt: number, follow: boolean, tail = MOST): Log {
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
    let last = ''
    const take = (line: string) => {
      const [at = ''] = line.split(' ', 1)
      if (TIME.test(at)) last = at
      waiting.push(line)
      timer ??= setTimeout(flush, PACE_MS)
    }
    const of = { cluster, namespace, name }
    const run = async () => {
      await readLogs(of, { lines: tail, previous }, take, abort.signal)
      if (abort.signal.aborted) return
      setLog((now) => ({ ...now, reading: false }))
      if (follow) await followLogs(of, last, take, abort.signal)
    }
    run().catch((thrown) => {
      if (abort.signal.aborted) return
      setLog((now) => ({ ...now, reading: false, error: errorBody(thrown) }))
    })
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [cluster, namespace, name, previous, attempt, follow, tail])
  return log
}

const TIME = /^\d{4}-\d\d-\d\dT/

/** How many lines came in all. */
export const came = ({ lines, dropped }: Log): number => lines.length + dropped

/** The newest lines stay. */
export function added(log: Log, more: readonly string[]): Log {
  const all = [...log.lines, ...more]
  const over = Math.max(0, all.length - MOST)
  return { ...log, reading: false, lines: over > 0 ? all.slice(over) : all, dropped: log.dropped + over }
}
