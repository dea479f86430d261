/** One workspace: read when it is looked at, and again when something happened to it. */

import { useEffect, useRef, useState } from 'react'
import type { Selected } from '../../../lib/route'
import { useConsole } from '../../../ui/console'
import type { ErrorBody, Workspace } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { readWorkspace } from '../../../wire/workspaces'

export type Reading = { is: 'reading' } | { is: 'here'; workspace: Workspace } | { is: 'failed'; error: ErrorBody }

const REST_MS = 150
/** After these there is nothing to show any more. */
const OVER: readonly string[] = ['workspace_not_found', 'rbac_denied']

/** `moved` grows with everything that is told of it. */
export function useWorkspace(place: Selected, moved: number): [Reading, () => void] {
  const { socket } = useConsole()
  const [state, setState] = useState<Reading>({ is: 'reading' })
  const [attempt, setAttempt] = useState(0)
  const again = () => setAttempt((count) => count + 1)
  const first = useRef(true)
  const { cluster, namespace, name } = place
  // What happened while the connection was lost was not told.
  useEffect(() => socket.link.watch(() => setAttempt((count) => count + 1)), [socket])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` and `moved` are there to read again
  useEffect(() => {
    const abort = new AbortController()
    const read = async () => {
      const of = { cluster, namespace, name }
      try {
        const workspace = await readWorkspace(of, abort.signal)
        if (!abort.signal.aborted) setState({ is: 'here', workspace })
      } catch (thrown) {
        if (abort.signal.aborted) return
        const error = errorBody(thrown)
        // What was read stays while it cannot be read anew: shells and files in it go on.
        const over = OVER.includes(error.code)
        setState((now) => (now.is === 'here' && !over ? now : { is: 'failed', error }))
      }
    }
    const timer = setTimeout(() => void read(), first.current ? 0 : REST_MS)
    first.current = false
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [cluster, namespace, name, attempt, moved])
  return [state, again]
}
