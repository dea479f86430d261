/** How entries of a folder are shown: order, words, paths. */

import type { FileEntry } from '../../wire/api'

/** Folders first, then by name as people read it. */
export function ordered(entries: readonly FileEntry[]): FileEntry[] {
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
  return [...entries].sort((a, b) => Number(b.dir) - Number(a.dir) || names.compare(a.name, b.name))
}

export function above(path: string): string {
  const at = path.replace(/\/+$/, '').lastIndexOf('/')
  return at <= 0 ? '/' : path.slice(0, at)
}

export function within(folder: string, name: string): string {
  return `${folder.replace(/\/+$/, '')}/${name}`
}

/** The folders on the way to this one, from `/` or from the home. */
export function crumbs(path: string, home: string): Array<{ name: string; path: string }> {
  const inside = home !== '/' && (path === home || path.startsWith(`${home}/`))
  const base = inside ? home : ''
  const parts = path.slice(base.length).split('/').filter(Boolean)
  const first = inside ? { name: '~', path: home } : { name: '/', path: '/' }
  return [first, ...parts.map((name, at) => ({ name, path: `${base}/${parts.slice(0, at + 1).join('/')}` }))]
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function size(bytes: number): string {
  let at = 0
  let value = bytes
  while (value >= 1024 && at < UNITS.length - 1) {
    value /= 1024
    at += 1
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`
}

/** `rwxr-x---`, with the marks of set-id and sticky bits. */
export function mode(bits: number): string {
  const marks = [...'rwxrwxrwx'].map((mark, at) => ((bits >> (8 - at)) & 1 ? mark : '-'))
  const special: Array<[number, number, string]> = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ]
  for (const [bit, at, mark] of special) if (bits & bit) marks[at] = marks[at] === 'x' ? mark : mark.toUpperCase()
  return marks.join('')
}

/** A name that a file can have here. */
export function nameFault(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'it needs a name'
  if (name.includes('/')) return 'a name holds no /'
  if (new TextEncoder().encode(name).length > 255) return 'a name has at most 255 bytes'
  return null
}
