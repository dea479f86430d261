/** The plan behind the dialog: made again whenever the act is refined, and left to expire when nobody commits it. */

import { useEffect, useState } from 'react'
import type { Act, ErrorBody, ObjectRef, Plan } from '../../wire/api'
import { errorBody, makePlan } from '../../wire/rest'

export type Planning = { is: 'making' } | { is: 'made'; plan: Plan } | { is: 'failed'; error: ErrorBody }

const REST_MS = 250

/** Plans `act` once it rests; null plans nothing yet. `attempt` makes it anew. */
export function usePlan(act: Act | null, objects: readonly ObjectRef[], attempt: number): Planning {
  const [state, setState] = useState<Planning>({ is: 'making' })
  const text = act === null ? null : JSON.stringify(act)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is there to plan again
  useEffect(() => {
    setState({ is: 'making' })
    if (text === null) return
    const abort = new AbortController()
    const timer = setTimeout(
      async () => {
        try {
          const plan = await makePlan({ act: JSON.parse(text) as Act, objects: [...objects] }, abort.signal)
          if (!abort.signal.aborted) setState({ is: 'made', plan })
        } catch (error) {
          if (!abort.signal.aborted) setState({ is: 'failed', error: errorBody(error) })
        }
      },
      text.includes('scale') ? REST_MS : 0,
    )
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [text, objects, attempt])
  return state
}
