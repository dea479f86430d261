/** The columns of a grid as a person arranged them: order, what is hidden, widths. Saved per kind. */

import { rightAligned } from '../lib/cell'
import { remember, remembered } from '../lib/remembered'
import type { Column, ColumnType } from '../wire/api'

/** A column as it stands on the screen. */
export interface Shown {
  column: Column
  /** Where its cell is in a row. */
  index: number
  /** Pixels. */
  width: number
  right: boolean
}

export interface Arrangement {
  order: string[]
  /** Asked for although hidden at first, and the other way round. */
  visible: Record<string, boolean>
  widths: Record<string, number>
}

/** Columns beyond kubectl's narrow ones that nearly everybody wants; the others are one click away. */
const ALWAYS: ReadonlySet<string> = new Set(['node', 'cpu', 'memory', 'condition'])

/** What others always show and these lists do not. */
const HIDDEN: Readonly<Record<string, Record<string, boolean>>> = { records: { node: false } }

/** Room in characters that cells of a type need whatever their heading. */
const ROOM: Partial<Record<ColumnType, number>> = { status: 22, restarts: 16, age: 8, clock: 13 }
/** Statuses that the server says are short ones. */
const SHORT = 10

/** How much less and how much more than its first width a column of words takes; what is said matters more than by whom. */
const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  name: [0.75, 2.2],
  request: [0.5, 3],
  protocol: [1, 1],
  source: [0.58, 1.4],
  destination: [0.6, 1.4],
  flags: [0.6, 1.4],
}

export const CHARACTER = 7.53
export const PADDING = 20
const NARROWEST = 44

/** Cells whose room is known: they neither give nor take. */
const FIXED: ReadonlySet<ColumnType> = new Set([
  'int',
  'age',
  'ratio',
  'restarts',
  'span',
  'bytes',
  'micros',
  'clock',
  'milli_cpu',
  'percent',
])

export function loadArrangement(kind: string): Arrangement {
  return remembered(`columns.${kind}`, { order: [], visible: HIDDEN[kind] ?? {}, widths: {} }, isArrangement)
}

export function saveArrangement(kind: string, arrangement: Arrangement): void {
  remember(`columns.${kind}`, arrangement)
}

/** Whether a column is on the screen. */
export function isVisible(column: Column, arrangement: Arrangement, wide: boolean): boolean {
  return arrangement.visible[column.id] ?? (wide || ALWAYS.has(column.id) || !(column.wide || column.extra))
}

/** The columns to draw, in order: as arranged, else as the server has them with the age at the end. */
export function arrange(columns: readonly Column[], arrangement: Arrangement, wide: boolean): Shown[] {
  const place = (id: string, index: number): number => {
    const found = arrangement.order.indexOf(id)
    if (found >= 0) return found - 1_000
    return id === 'age' ? 1_000 : index
  }
  return columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => (column.id === 'name' && !column.wide) || isVisible(column, arrangement, wide))
    .sort((a, b) => place(a.column.id, a.index) - place(b.column.id, b.index))
    .map(({ column, index }) => ({
      column,
      index,
      width: Math.max(NARROWEST, arrangement.widths[column.id] ?? firstWidth(column)),
      right: rightAligned(column.type),
    }))
}

/**
 * The columns in the room there is. Widths that somebody chose stay. Spare room goes to words, which are cut when they
 * lack it; where there is too little, words give some up before a column is pushed out of sight.
 */
export function fitted(shown: readonly Shown[], room: number, chosen: Readonly<Record<string, number>>): Shown[] {
  // not laid out yet
  if (room === 0) return [...shown]
  const elastic = ({ column }: Shown) => !FIXED.has(column.type) && chosen[column.id] === undefined
  const limit = ({ column, width }: Shown) => {
    const [least, most] = LIMITS[column.id] ?? (column.type === 'status' ? [0.9, 1.2] : [0.8, 1.6])
    return [least * width, most * width] as const
  }
  const spare = room - shown.reduce((sum, item) => sum + item.width, 0)
  const parts = shown.map((item) => {
    const [least, most] = limit(item)
    return elastic(item) ? (spare > 0 ? most : least) - item.width : 0
  })
  const all = parts.reduce((sum, part) => sum + part, 0)
  const share = all === 0 ? 0 : Math.max(0, Math.min(1, spare / all))
  return shown.map((item, at) => ({ ...item, width: Math.round(item.width + share * (parts[at] ?? 0)) }))
}

/** The order after moving `id` by `step` places among the shown ones. */
export function moved(shown: readonly Shown[], id: string, to: number): string[] {
  const order = shown.map((item) => item.column.id)
  const from = order.indexOf(id)
  if (from < 0) return order
  order.splice(from, 1)
  order.splice(Math.max(0, Math.min(order.length, to)), 0, id)
  return order
}

function firstWidth(column: Column): number {
  const room = column.type === 'status' && column.width <= SHORT ? column.width + 2 : (ROOM[column.type] ?? 0)
  const characters = Math.max(column.width, column.title.length + 1, room)
  return Math.round(characters * CHARACTER + PADDING)
}

function isArrangement(value: unknown): value is Arrangement {
  if (typeof value !== 'object' || value === null) return false
  const { order, visible, widths } = value as Partial<Arrangement>
  return Array.isArray(order) && typeof visible === 'object' && typeof widths === 'object'
}
