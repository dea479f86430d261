/** Reading JSON whose shape is not ours: every step may be missing. */

export type Json = Record<string, unknown>

export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((here: unknown, key) => record(here)[key], value)
}

export function items(value: unknown, path: string): Json[] {
  const found = at(value, path)
  return Array.isArray(found) ? found.map(record) : []
}

export function text(value: unknown, path: string): string {
  const found = at(value, path)
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : ''
}

/** String pairs of a map: labels, annotations, limits. */
export function pairs(value: unknown, path: string): Array<[string, string]> {
  return Object.entries(record(at(value, path))).map(([key, item]) => [
    key,
    typeof item === 'string' ? item : JSON.stringify(item),
  ])
}
