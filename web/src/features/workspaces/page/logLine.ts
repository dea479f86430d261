/** A line of a container's log in its parts. */

import { record } from '../../../lib/json'

export interface LogLine {
  /** Epoch milliseconds; null where the line does not say. */
  atMs: number | null
  /** Empty, `info`, `warn` or `error`. */
  level: string
  /** Which part of the daemon wrote it; empty of anything else. */
  component: string
  text: string
}

const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*)$/s

/** The moment is the kubelet's; what the daemon writes is JSON, and is shown as the words in it. */
export function logLine(line: string): LogLine {
  const [, stamp, rest] = STAMPED.exec(line) ?? []
  const atMs = stamp === undefined ? null : Date.parse(stamp)
  const text = rest ?? line
  const said = text.startsWith('{') ? record(parsed(text)) : {}
  const { text: words, level, component } = said
  if (typeof words !== 'string' || typeof component !== 'string') return { atMs, level: '', component: '', text }
  return { atMs, level: typeof level === 'string' ? level : '', component, text: words }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
