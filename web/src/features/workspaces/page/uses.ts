/** Times of use, as a page says them. */

import { minute } from '../../../lib/time'
import type { WorkspaceUse } from '../../../wire/api'

/** The last of them, the newest first. */
export function newest(uses: readonly WorkspaceUse[]): WorkspaceUse[] {
  return [...uses].sort((a, b) => b.to_ms - a.to_ms || b.from_ms - a.from_ms).slice(0, MOST)
}

/** `09:12 – 10:01, 49 min`, in the time of whoever looks. */
export function between({ from_ms, to_ms }: WorkspaceUse): string {
  const minutes = Math.max(1, Math.round((to_ms - from_ms) / 60_000))
  return `${minute(from_ms)} – ${minute(to_ms)}, ${minutes} min`
}

const MOST = 8
