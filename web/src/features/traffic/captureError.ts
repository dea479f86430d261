/** Where an error of a capture filter stands in its text. */

import type { ErrorBody } from '../../wire/api'

interface Details {
  /** Bytes of the text before it. */
  offset?: number
}

/** The place in the text, if the error is of one; `shift` bytes stand before the text where the error counts. */
export function caret(error: ErrorBody, text: string, shift = 0): { at: number; len: number } | null {
  const { offset } = (error.details ?? {}) as Details
  if (offset === undefined) return null
  const bytes = new TextEncoder().encode(text)
  const start = new TextDecoder().decode(bytes.subarray(0, Math.max(0, offset - shift))).length
  // The word that stands there is what is wrong.
  const word = /^\S+/.exec(text.slice(start))?.[0].length ?? 1
  return { at: start, len: Math.min(word, 60) }
}
