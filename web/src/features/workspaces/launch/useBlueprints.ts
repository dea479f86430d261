/** The blueprints that a namespace sees; read anew when they change. */

import { useEffect, useState } from 'react'
import { useConsole, useStore } from '../../../ui/console'
import type { BlueprintList, ErrorBody } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { readBlueprints } from '../../../wire/workspaces'

export type Blueprints = { is: 'reading' } | { is: 'here'; list: BlueprintList } | { is: 'failed'; error: ErrorBody }

const REST_MS = 150

export function useBlueprints(cluster: string, namespace: string): [Blueprints, () => void] {
  const console = useConsole()
  const counts = useStore(console.counts.kinds)
  const [state, setState] = useState<Blueprints>({ is: 'reading' })
  const [attempt, setAttempt] = useState(0)
  // One that comes or goes is told by the counts of the navigation.
  const many = [counts['blueprints.quarterdeck.dev'], counts['clusterblueprints.quarterdeck.dev']].join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: `many` and `attempt` are there to read again
  useEffect(() => {
    if (cluster === '') return
    const abort = new AbortController()
    const timer = setTimeout(() => {
      readBlueprints(cluster, namespace, abort.signal).then(
        (list) => setState({ is: 'here', list }),
        (thrown) => {
          if (!abort.signal.aborted) setState({ is: 'failed', error: errorBody(thrown) })
        },
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [cluster, namespace, many, attempt])
  return [state, () => setAttempt((count) => count + 1)]
}
