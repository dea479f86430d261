import { useCallback, useEffect, useState } from 'react'
import type { Selected } from '../../lib/route'
import type { ErrorBody, FileList } from '../../wire/api'
import { listFiles } from '../../wire/files'
import { errorBody } from '../../wire/rest'

export interface Reading {
  list: FileList | null
  error: ErrorBody | null
  busy: boolean
}

/** What a folder holds; what was there before stays until what comes is here. */
export function useFolder(place: Selected, path: string, hidden: boolean): [Reading, () => void] {
  const [reading, setReading] = useState<Reading>({ list: null, error: null, busy: true })
  const [turn, setTurn] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn reads the same folder again
  useEffect(() => {
    const abort = new AbortController()
    setReading((before) => ({ ...before, busy: true }))
    listFiles(place, path, hidden, abort.signal).then(
      (list) => setReading({ list, error: null, busy: false }),
      (thrown) => {
        if (!abort.signal.aborted) setReading((before) => ({ ...before, error: errorBody(thrown), busy: false }))
      },
    )
    return () => abort.abort()
  }, [place, path, hidden, turn])
  return [reading, useCallback(() => setTurn((turn) => turn + 1), [])]
}
