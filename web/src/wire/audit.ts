/** The REST side of the journal: who was let do what. */

import type { AuditPage } from './api'
import { call } from './rest'

/** An entry as a line of a page. */
export interface AuditLine {
  key: string
  at_ms: number
  who: string
  action: string
  what: string
}

/** The newest entries for these parameters (`object=…&action=…`), of these actions where some are named. */
export async function readAudit(
  query: string,
  actions: readonly string[] = [],
  signal?: AbortSignal,
): Promise<AuditLine[]> {
  const of = actions.length === 0 ? '' : `&action=${encodeURIComponent(actions.join(','))}`
  const page = await call<AuditPage>('GET', `/audit?${query}${of}&limit=${MOST}`, undefined, signal)
  return page.entries.map(line).filter((one) => one !== null)
}

/** What an entry says; null where it is none. */
export function line(entry: unknown): AuditLine | null {
  if (!isRecord(entry) || typeof entry.at_ms !== 'number') return null
  const anchors = Array.isArray(entry.anchors) ? entry.anchors.filter(isRecord) : []
  const anchor = (tag: string) => {
    const value = anchors.find((one) => one.tag === tag)?.value
    return typeof value === 'string' ? value : ''
  }
  const summary = typeof entry.summary === 'string' ? entry.summary : ''
  const key = `${String(entry.writer)} ${String(entry.seq)}`
  return { key, at_ms: entry.at_ms, who: anchor('principal'), action: anchor('action'), what: summary }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const MOST = 8
