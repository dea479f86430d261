/** Cells as text: the same rules as `api::Cell::display`, held together by `crates/api/tests/cell_vectors.json`. */

import type { CellValue, ColumnType } from '../wire/api'
import { age } from './age'
import { preciseClock } from './time'

/** How good or bad a status is: the number that travels. */
export type Level = 0 | 1 | 2 | 3 | 4

/** The text of a cell at `nowMs`; an absent cell is empty. */
export function display(cell: CellValue, type: ColumnType, nowMs: number): string {
  if (cell === null) return ''
  if (typeof cell === 'string') return cell
  if (typeof cell === 'boolean') return String(cell)
  if (typeof cell === 'number') return scalar(cell, type, nowMs)
  const [first, second] = cell
  switch (type) {
    case 'status':
      return String(first ?? '')
    case 'ratio':
      return `${first ?? 0}/${second ?? 0}`
    case 'restarts':
      return typeof second === 'number' ? `${first ?? 0} (${age(nowMs, second)} ago)` : String(first ?? 0)
    case 'span':
      return typeof first === 'number' ? age(typeof second === 'number' ? second : nowMs, first) : ''
    default:
      return cell.join(' ')
  }
}

/** The level of a status cell. */
export function level(cell: CellValue): Level {
  const number = Array.isArray(cell) ? cell[1] : 0
  return number === 1 || number === 2 || number === 3 || number === 4 ? number : 0
}

/** The shape that goes with a level, so that colour is never alone. */
export const SHAPES = ['', '●', '◆', '▲', '■'] as const

/** Columns whose text changes with the clock alone. */
export function ticks(type: ColumnType): boolean {
  return type === 'age' || type === 'restarts' || type === 'span'
}

/** Columns whose cells stand at the right edge. */
export function rightAligned(type: ColumnType): boolean {
  return type !== 'text' && type !== 'status' && type !== 'bool' && type !== 'clock'
}

function scalar(number: number, type: ColumnType, nowMs: number): string {
  switch (type) {
    case 'age':
      return age(nowMs, number)
    case 'bytes':
      return bytes(number)
    case 'milli_cpu':
      return `${number}m`
    case 'micros':
      return micros(number)
    case 'clock':
      return preciseClock(number)
    case 'percent':
      return `${Math.trunc((number + 5) / 10)}%`
    default:
      return String(number)
  }
}

/** Microseconds with three digits: `340µs`, `12.3ms`, `4.56s`, `123s`. */
export function micros(number: number): string {
  const us = Math.abs(number)
  const sign = number < 0 ? '-' : ''
  if (us < 1_000) return `${sign}${us}µs`
  // Rounded before the unit is chosen, as the server does it.
  for (const [unit, name] of [
    [1_000, 'ms'],
    [1_000_000, 's'],
  ] as const) {
    for (const digits of [2, 1, 0]) {
      const ten = 10 ** digits
      const parts = Math.floor((us * ten + unit / 2) / unit)
      if (parts < 1_000) return `${sign}${(parts / ten).toFixed(digits)}${name}`
    }
  }
  return `${sign}${Math.round(us / 1_000_000)}s`
}

const UNITS: ReadonlyArray<readonly [string, number]> = [
  ['Ti', 40],
  ['Gi', 30],
  ['Mi', 20],
  ['Ki', 10],
]

function bytes(number: number): string {
  for (const [unit, shift] of UNITS) {
    const one = 2 ** shift
    if (number >= 10 * one || (number >= one && shift <= 20)) return `${Math.floor(number / one)}${unit}`
  }
  return String(number)
}
