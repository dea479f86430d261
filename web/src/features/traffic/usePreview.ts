/** How much a capture filter would choose, a moment after its last letter. */

import { useEffect, useState } from 'react'
import type { ErrorBody, TapPreview } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { previewFilter } from '../../wire/taps'

export type Preview = { is: 'reading' } | { is: 'here'; value: TapPreview } | { is: 'failed'; error: ErrorBody }

const REST_MS = 250

export function usePreview(tap: string, filter: string): Preview {
  const [state, setState] = useState<{ of: string; preview: Preview }>({ of: '', preview: { is: 'reading' } })
  useEffect(() => {
    const abort = new AbortController()
    const timer = setTimeout(() => {
      previewFilter(tap, filter, abort.signal).then(
        (value) => setState({ of: filter, preview: { is: 'here', value } }),
        (error) => {
          if (!abort.signal.aborted) setState({ of: filter, preview: { is: 'failed', error: errorBody(error) } })
        },
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [tap, filter])
  return state.of === filter ? state.preview : { is: 'reading' }
}
