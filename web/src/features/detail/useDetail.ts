/** Reads the object of the pane; again when its row says that it changed. */

import { useEffect, useState } from 'react'
import { useConsole } from '../../ui/console'
import type { ErrorBody, ObjectDetail, ObjectRef } from '../../wire/api'
import { errorBody, readObject } from '../../wire/rest'

export type Detail =
  | { is: 'reading' }
  | { is: 'here'; detail: ObjectDetail }
  | { is: 'failed'; error: ErrorBody; again: () => void }

export function useDetail({ cluster, kind, namespace, name }: ObjectRef): Detail {
  const [state, setState] = useState<Detail & { of?: string }>({ is: 'reading' })
  const [attempt, setAttempt] = useState(0)
  const version = useRowVersion(namespace, name)
  const of = `${cluster}/${kind}/${namespace}/${name}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` and `version` are there to read again
  useEffect(() => {
    const abort = new AbortController()
    readObject({ cluster, kind, namespace, name }, abort.signal).then(
      (detail) => setState({ is: 'here', detail, of }),
      (error) => {
        if (!abort.signal.aborted)
          setState({ is: 'failed', error: errorBody(error), again: () => setAttempt((n) => n + 1), of })
      },
    )
    return () => abort.abort()
  }, [cluster, kind, namespace, name, of, attempt, version])
  return state.of === of ? state : { is: 'reading' }
}

const REST_MS = 700

/** A number that grows when the row of this object has changed and come to rest. Metrics are no change of the object. */
function useRowVersion(namespace: string, name: string): number {
  const { list } = useConsole()
  const [version, setVersion] = useState(0)
  useEffect(() => {
    const print = () => {
      for (const row of list.rows()) {
        if (row[2] !== namespace || row[3] !== name) continue
        const { columns } = list.head.get()
        return JSON.stringify(row[4].filter((_, at) => !METRICS.includes(columns[at]?.type ?? '')))
      }
      return null
    }
    let last = print()
    let timer: ReturnType<typeof setTimeout> | undefined
    const check = () => {
      const now = print()
      if (now === null || now === last) return
      if (last === null) {
        last = now
        return
      }
      last = now
      clearTimeout(timer)
      timer = setTimeout(() => setVersion((count) => count + 1), REST_MS)
    }
    const end = list.watchFrames(check)
    return () => {
      clearTimeout(timer)
      end()
    }
  }, [list, namespace, name])
  return version
}

const METRICS: readonly string[] = ['milli_cpu', 'bytes', 'percent']
