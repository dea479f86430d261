import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const SRC = resolve(import.meta.dirname, '../src')
const GENERATED = resolve(SRC, '../generated')
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? files(path) : /\.tsx?$/.test(name) ? [path] : []
  })
const layer = (path: string) => relative(SRC, path).split('/')[0] ?? ''
const feature = (path: string) => relative(SRC, path).split('/')[1] ?? ''

/** `app → features → {grid, ui, wire} → lib`; `grid` reads what `wire` keeps, `ui` binds both to React. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  app: ['app', 'features', 'ui', 'grid', 'wire', 'lib'],
  features: ['features', 'ui', 'grid', 'wire', 'lib'],
  ui: ['ui', 'grid', 'wire', 'lib'],
  grid: ['grid', 'wire', 'lib'],
  wire: ['wire', 'lib'],
  lib: ['lib'],
}

function imports(path: string): Array<{ to: string; type: boolean; name: string }> {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/^import (type )?(?:[^'"]*? from )?['"]([^'"]+)['"]/gms)].map((match) => ({
    type: match[1] !== undefined,
    name: match[2] ?? '',
    to: (match[2] ?? '').startsWith('.') ? resolve(dirname(path), match[2] ?? '') : '',
  }))
}

test('imports go one way only', () => {
  const wrong: string[] = []
  for (const path of files(SRC)) {
    const from = layer(path)
    for (const { to, type, name } of imports(path)) {
      const where = `${relative(SRC, path)} imports ${name}`
      if (to === '') {
        if ((from === 'wire' || from === 'grid' || from === 'lib') && /^(react|@base-ui)/.test(name)) wrong.push(where)
        continue
      }
      // The wire's types are the contract: everyone may name them.
      if (type && to === join(SRC, 'wire/api')) continue
      // A program that is built for the page from elsewhere is fetched by its address.
      if (from === 'features' && name.endsWith('?url') && dirname(to) === GENERATED) continue
      const allowed = MAY[from]
      if (allowed !== undefined && !allowed.includes(layer(to))) wrong.push(where)
      if (from === 'features' && layer(to) === 'features' && feature(path) !== feature(to)) wrong.push(where)
    }
  }
  expect(wrong).toEqual([])
})

test('components stay under 200 lines, everything under 500', () => {
  const long = files(SRC).filter((path) => {
    const lines = readFileSync(path, 'utf8').split('\n').length
    return !path.endsWith('wire/api.ts') && lines > (path.endsWith('.tsx') ? 210 : 480)
  })
  expect(long).toEqual([])
})

test('EXF-28d object text enters the page as text only', () => {
  for (const path of files(SRC)) {
    expect(readFileSync(path, 'utf8'), path).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function/,
    )
  }
})
