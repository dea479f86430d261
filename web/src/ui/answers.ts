/** What the policy wants to be answered before something is done, and what of it still is. */

import type { Answers, ErrorBody, Need } from '../wire/api'

export const UNANSWERED: Answers = { confirm: false, typed_name: '', reason: '' }

/** What is still to be answered, or null. */
export function lacking(needs: readonly Need[], answers: Answers): string | null {
  for (const need of needs) {
    if (need.need === 'typed_name' && answers.typed_name !== need.name) return 'what is typed must match'
    if (need.need === 'reason' && answers.reason.trim() === '') return 'a reason is needed'
  }
  return null
}

/** What the policy wants to be answered, if that is why it refused. */
export function needsOf(error: ErrorBody): readonly Need[] | null {
  if (error.code !== 'needs_unmet') return null
  const { needs } = (error.details ?? {}) as { needs?: unknown }
  return Array.isArray(needs) && needs.length > 0 ? (needs as Need[]) : [{ need: 'confirm' }]
}
