import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { display } from '../src/lib/cell'
import type { CellValue, ColumnType } from '../src/wire/api'

interface Vectors {
  now_ms: number
  cells: Array<{ type: ColumnType; cell: CellValue; text: string }>
}

test('EX-30d cells read as the vectors that the server shares say', () => {
  const text = readFileSync(join(import.meta.dirname, '../../crates/api/tests/cell_vectors.json'), 'utf8')
  const { now_ms, cells } = JSON.parse(text) as Vectors
  expect(cells.length).toBeGreaterThan(60)
  for (const { type, cell, text } of cells)
    expect(display(cell, type, now_ms), `${type} ${JSON.stringify(cell)}`).toBe(text)
})
