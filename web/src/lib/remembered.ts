/** Small things that this browser remembers for its user: widths, columns, theme. Never object contents. */

export function remembered<T>(key: string, otherwise: T, valid: (value: unknown) => value is T): T {
  try {
    const text = localStorage.getItem(`qd.${key}`)
    if (text === null) return otherwise
    const value: unknown = JSON.parse(text)
    return valid(value) ? value : otherwise
  } catch {
    return otherwise
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`qd.${key}`, JSON.stringify(value))
  } catch {
    // A full or forbidden storage costs the memory of a width, nothing else.
  }
}

export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
export const isString = (value: unknown): value is string => typeof value === 'string'
export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString)
