/** What a workspace would be made of, a moment after the last letter. The answer of before stays until the next is here. */

import { useEffect, useState } from 'react'
import type { BlueprintPreview, ErrorBody, WorkspaceCreate } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { previewBlueprint } from '../../../wire/workspaces'

export interface Previewing {
  preview: BlueprintPreview | null
  error: ErrorBody | null
  /** What is shown is of what was filled in before. */
  old: boolean
}

const REST_MS = 200

/** `null` asks nothing. */
export function usePreview(request: WorkspaceCreate | null): Previewing {
  const [state, setState] = useState<{ of: string; preview: BlueprintPreview | null; error: ErrorBody | null }>({
    of: '',
    preview: null,
    error: null,
  })
  const wanted = request === null ? '' : JSON.stringify(request)
  useEffect(() => {
    if (wanted === '') return
    const abort = new AbortController()
    const timer = setTimeout(() => {
      previewBlueprint(JSON.parse(wanted) as WorkspaceCreate, abort.signal).then(
        (preview) => setState({ of: wanted, preview, error: null }),
        (thrown) => {
          if (!abort.signal.aborted) setState({ of: wanted, preview: null, error: errorBody(thrown) })
        },
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [wanted])
  return { preview: state.preview, error: state.error, old: state.of !== wanted }
}
