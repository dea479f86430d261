/** Marked rows: by key, with the identity that acts need after the row has left the window. */

import type { Row } from '../wire/api'

export interface Identity {
  key: number
  source: number
  namespace: string
  name: string
}

export function identity(row: Row): Identity {
  return { key: row[0], source: row[1], namespace: row[2], name: row[3] }
}

export class Marks {
  readonly #marked = new Map<number, Identity>()

  get size(): number {
    return this.#marked.size
  }

  has(key: number): boolean {
    return this.#marked.has(key)
  }

  set(row: Row, on: boolean): void {
    if (on) this.#marked.set(row[0], identity(row))
    else this.#marked.delete(row[0])
  }

  clear(): void {
    this.#marked.clear()
  }

  all(): Identity[] {
    return [...this.#marked.values()]
  }
}
