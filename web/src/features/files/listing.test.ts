import { expect, test } from 'vitest'
import type { FileEntry } from '../../wire/api'
import { above, crumbs, mode, nameFault, ordered, size, within } from './listing'

const entry = (name: string, dir = false): FileEntry => ({
  name,
  path: `/h/${name}`,
  size: 0,
  mode: 0,
  dir,
  link: false,
  odd: false,
  mtime_ms: 0,
})

test('AC-82c folders stand first, and numbers in names count', () => {
  const all = ordered([entry('b10'), entry('b9'), entry('z', true), entry('A')])
  expect(all.map(({ name }) => name)).toEqual(['z', 'A', 'b9', 'b10'])
})

test('AC-82d the way to a folder begins at home, where it is inside', () => {
  expect(crumbs('/home/dev/a/b', '/home/dev').map(({ path }) => path)).toEqual([
    '/home/dev',
    '/home/dev/a',
    '/home/dev/a/b',
  ])
  expect(crumbs('/home/devil', '/home/dev').map(({ name }) => name)).toEqual(['/', 'home', 'devil'])
  expect(crumbs('/', '/home/dev')).toEqual([{ name: '/', path: '/' }])
  expect([above('/a/b'), above('/a'), above('/'), within('/', 'x'), within('/a', 'x')]).toEqual([
    '/a',
    '/',
    '/',
    '/x',
    '/a/x',
  ])
})

test('AC-82e sizes, modes and names are said as they are', () => {
  expect([size(0), size(1023), size(1536), size(12_000_000), size(3 * 2 ** 40)]).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '11.4 MiB',
    '3.0 TiB',
  ])
  expect([mode(0o750), mode(0o1777), mode(0o4644)]).toEqual(['rwxr-x---', 'rwxrwxrwt', 'rwSr--r--'])
  expect(
    [nameFault('a b'), nameFault('..'), nameFault('a/b'), nameFault('ä'.repeat(128))].map((one) => one === null),
  ).toEqual([true, false, false, false])
})
