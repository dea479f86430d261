/** What rows of a live list say beside their cells: that something is missing, changed, or that nothing came for a while. */

import { micros } from '../lib/cell'
import type { Row } from '../wire/api'
import type { Shown } from './columns'

export interface Aside {
  /** Bytes or packets are missing; or what is captured changed. */
  what: 'missing' | 'change' | ''
  /** How long nothing had come before it, in words; empty where it followed at once. */
  silence: string
}

const WHAT: Readonly<Record<string, Aside['what']>> = { gap: 'missing', loss: 'missing', tap: 'change' }
/** Less than this says nothing. */
const SILENCE_US = 5_000_000

export const NONE: Aside = { what: '', silence: '' }

/** `before` is the row that stands before it in the order of time, where the list has that order. */
export function asideOf(row: Row | undefined, before: Row | undefined, columns: readonly Shown[]): Aside {
  const index = (id: string) => columns.find(({ column }) => column.id === id)?.index
  const [time, protocol] = [index('time'), index('protocol')]
  if (row === undefined || time === undefined) return NONE
  const what = protocol === undefined ? '' : (WHAT[String(row[4][protocol])] ?? '')
  const [now, then] = [row[4][time], before?.[4][time]]
  const us = typeof now === 'number' && typeof then === 'number' ? now - then : 0
  return { what, silence: us >= SILENCE_US ? `nothing for ${micros(us)} before this` : '' }
}
