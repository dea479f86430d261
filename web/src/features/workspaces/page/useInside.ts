/** Apps and listening ports of a workspace that runs: read when they are looked at, and when somebody asks again. */

import { useEffect, useState } from 'react'
import type { ErrorBody } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { type Place, readInside } from '../../../wire/workspaces'
import { type App, apps, type Listening, listening } from './inside'

export type Inside =
  | { is: 'reading' }
  | { is: 'here'; apps: readonly App[]; ports: readonly Listening[] }
  | { is: 'failed'; error: ErrorBody }

export function useInside({ cluster, namespace, name }: Place): [Inside, () => void] {
  const [state, setState] = useState<Inside>({ is: 'reading' })
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is there to read again
  useEffect(() => {
    const abort = new AbortController()
    const of = { cluster, namespace, name }
    Promise.all([readInside(of, 'apps', abort.signal), readInside(of, 'ports', abort.signal)]).then(
      ([some, others]) => setState({ is: 'here', apps: apps(some), ports: listening(others) }),
      (thrown) => {
        if (!abort.signal.aborted) setState({ is: 'failed', error: errorBody(thrown) })
      },
    )
    return () => abort.abort()
  }, [cluster, namespace, name, attempt])
  return [state, () => setAttempt((count) => count + 1)]
}
