/** Times of use, as a page says them. */

import { day, minute } from '../../../lib/time'
import type { WorkspaceCost, WorkspaceUse } from '../../../wire/api'

/** The last of them, the newest first. */
export function newest(uses: readonly WorkspaceUse[]): WorkspaceUse[] {
  return [...uses].sort((a, b) => b.to_ms - a.to_ms || b.from_ms - a.from_ms).slice(0, MOST)
}

/** `09:12 – 10:01, 49 min`, in the time of whoever looks. */
export function between({ from_ms, to_ms }: WorkspaceUse): string {
  const minutes = Math.max(1, Math.round((to_ms - from_ms) / 60_000))
  return `${minute(from_ms)} – ${minute(to_ms)}, ${minutes} min`
}

/** `It took 2.25 hours of a processor and 4.50 of a GiB since 2026-11-21 09:12: 0.11 EUR.` */
export function took({ since_ms, cpu_milli_hours, memory_mib_hours, amount }: WorkspaceCost): string {
  const cpu = (cpu_milli_hours / 1000).toFixed(2)
  const memory = (memory_mib_hours / 1024).toFixed(2)
  const price = amount === null ? '' : `: ${amount}`
  return `It took ${cpu} hours of a processor and ${memory} of a GiB since ${day(since_ms)} ${minute(since_ms)}${price}.`
}

const MOST = 8
