/** What is wrong with a capture filter, known while it is typed. */

import { useEffect, useMemo, useState } from 'react'
import type { ErrorBody } from '../../wire/api'
import { type Compiler, compiler } from './compiler'

/** The error of a text; none while the compiler is on its way or cannot be had: then the server says it. */
export function useCompiled(text: string): ErrorBody | null {
  const [compile, setCompile] = useState<Compiler | null>(null)
  useEffect(() => {
    let gone = false
    compiler().then(
      (found) => {
        if (!gone) setCompile(() => found)
      },
      () => {},
    )
    return () => {
      gone = true
    }
  }, [])
  return useMemo(() => (compile === null ? null : compile(text)), [compile, text])
}
