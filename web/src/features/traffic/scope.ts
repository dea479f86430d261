/** Whose packets a capture filter is about: of all pods of a tap, or of one; said by the filter itself. */

import type { TapTarget } from '../../wire/api'

/** A pod as capture filters name it. */
export const podName = ({ namespace, pod }: Pick<TapTarget, 'namespace' | 'pod'>): string => `${namespace}/${pod}`

/** The filter without its pod, and the pod; `scoped` puts them together again. */
export function unscoped(filter: string): { filter: string; pod: string } {
  const found = /^\((.+)\) and pod (\S+)$/s.exec(filter) ?? /^()pod (\S+)$/.exec(filter)
  if (found === null || !balanced(found[1] ?? '')) return { filter, pod: '' }
  return { filter: found[1] ?? '', pod: found[2] ?? '' }
}

export function scoped(filter: string, pod: string): string {
  const own = filter.trim()
  if (pod === '') return own
  return own === '' ? `pod ${pod}` : `(${own}) and pod ${pod}`
}

/** `(a) or (b)` is not in brackets as a whole. */
function balanced(text: string): boolean {
  let depth = 0
  for (const letter of text) {
    depth += letter === '(' ? 1 : letter === ')' ? -1 : 0
    if (depth < 0) return false
  }
  return depth === 0
}
