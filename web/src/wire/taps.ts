/** The REST side of taps: starting, stopping, refining, and records whole. */

import type {
  Tap,
  TapChange,
  TapFlow,
  TapHistograms,
  TapMap,
  TapPreview,
  TapRecord,
  TapRequest,
  TapStats,
  TapTls,
  TapTraceLogs,
} from './api'
import { call } from './rest'

const path = (id: string) => `/taps/${encodeURIComponent(id)}`

export function startTap(request: TapRequest): Promise<Tap> {
  return call('POST', '/taps', request)
}

export function readTap(id: string, signal?: AbortSignal): Promise<Tap> {
  return call('GET', path(id), undefined, signal)
}

export function changeTap(id: string, change: TapChange): Promise<Tap> {
  return call('PATCH', path(id), change)
}

/** Ends it; its records stay. */
export function stopTap(id: string): Promise<unknown> {
  return call('DELETE', path(id))
}

/** Forgets the records and packets of before now. */
export function clearTap(id: string): Promise<unknown> {
  return call('POST', `${path(id)}/reset`)
}

export function readRecord(tap: string, record: string, signal?: AbortSignal): Promise<TapRecord> {
  return call('GET', `${path(tap)}/records/${encodeURIComponent(record)}`, undefined, signal)
}

export function readFlow(tap: string, flow: string, signal?: AbortSignal): Promise<TapFlow> {
  return call('GET', `${path(tap)}/flows/${encodeURIComponent(flow)}`, undefined, signal)
}

export function readTrace(tap: string, trace: string, signal?: AbortSignal): Promise<TapFlow> {
  return call('GET', `${path(tap)}/traces/${encodeURIComponent(trace)}`, undefined, signal)
}

/** Lines of its pods' logs that name a trace. */
export function readTraceLogs(tap: string, trace: string, signal?: AbortSignal): Promise<TapTraceLogs> {
  return call('GET', `${path(tap)}/traces/${encodeURIComponent(trace)}/logs`, undefined, signal)
}

/** Servers that speak TLS, and their certificates. */
export function readTls(tap: string, signal?: AbortSignal): Promise<TapTls> {
  return call('GET', `${path(tap)}/tls`, undefined, signal)
}

export function readMap(tap: string, signal?: AbortSignal): Promise<TapMap> {
  return call('GET', `${path(tap)}/map`, undefined, signal)
}

/** `select` chooses records; empty is all. `by` is what tells them apart. */
export function readHistograms(tap: string, by: string, signal?: AbortSignal, select = ''): Promise<TapHistograms> {
  const query = new URLSearchParams({ by })
  if (select !== '') query.set('select', select)
  return call('GET', `${path(tap)}/histograms?${query}`, undefined, signal)
}

/** How many of the packets that came last a capture filter would choose. */
export function previewFilter(tap: string, bpf: string, signal?: AbortSignal): Promise<TapPreview> {
  return call('GET', `${path(tap)}/preview?${new URLSearchParams({ bpf })}`, undefined, signal)
}

export function readStats(tap: string, signal?: AbortSignal): Promise<TapStats> {
  return call('GET', `${path(tap)}/stats`, undefined, signal)
}

export type Download = 'pcapng' | 'har' | 'jsonl'

/** Where the browser fetches a file of a tap: all of it, or one flow. */
export function download(tap: string, format: Download, flow?: string): string {
  const parts = { pcapng: 'pcapng', har: 'har', jsonl: 'records' }
  const query = flow === undefined ? '' : `?${new URLSearchParams({ flow })}`
  return `/api/v1${path(tap)}/${parts[format]}${query}`
}
