/** Reads one record whole, and all records of its flow when a part of the pane wants them. */

import { useEffect, useState } from 'react'
import { text } from '../../lib/json'
import type { ErrorBody, TapFlow, TapRecord, TapTraceLogs } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { readFlow, readRecord, readTrace, readTraceLogs } from '../../wire/taps'

export type Reading<T> =
  | { is: 'reading' }
  | { is: 'here'; value: T }
  | { is: 'failed'; error: ErrorBody; again(): void }

export function useRecord(tap: string, record: string): Reading<TapRecord> {
  return useReading(`${tap}/${record}`, (signal) => readRecord(tap, record, signal))
}

/** `flow` is null while nobody wants it. */
export function useFlow(tap: string, flow: string | null): Reading<TapFlow> {
  return useReading(flow === null ? null : `${tap}/${flow}`, (signal) => readFlow(tap, flow ?? '', signal))
}

/** All records of a trace; `trace` is null while nobody wants them. */
export function useTrace(tap: string, trace: string | null): Reading<TapFlow> {
  return useReading(trace === null ? null : `${tap}/trace/${trace}`, (signal) => readTrace(tap, trace ?? '', signal))
}

/** Log lines of a trace's pods that name it. */
export function useTraceLogs(tap: string, trace: string): Reading<TapTraceLogs> {
  return useReading(`${tap}/logs/${trace}`, (signal) => readTraceLogs(tap, trace, signal))
}

/** The id of the trace of a record; empty when it has none. */
export const traceOf = (record: unknown): string => text(record, 'trace.id')

/** The id of the flow of a record; empty when it has none. */
export const flowOf = (record: unknown): string => text(record, 'flow')

function useReading<T>(of: string | null, read: (signal: AbortSignal) => Promise<T>): Reading<T> {
  const [state, setState] = useState<Reading<T> & { of?: string | null }>({ is: 'reading' })
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `of` says what `read` reads
  useEffect(() => {
    if (of === null) return
    const abort = new AbortController()
    read(abort.signal).then(
      (value) => setState({ is: 'here', value, of }),
      (error) => {
        if (!abort.signal.aborted)
          setState({ is: 'failed', error: errorBody(error), again: () => setAttempt((n) => n + 1), of })
      },
    )
    return () => abort.abort()
  }, [of, attempt])
  return state.of === of ? state : { is: 'reading' }
}
