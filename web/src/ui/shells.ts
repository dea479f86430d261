/** The shell that one looks at in each workspace: the explorer of its files follows it, and sends it elsewhere. */

import type { Selected } from '../lib/route'
import { Store } from '../lib/store'

export interface Shell {
  /** Its folder, as it was told last; empty while that is not known. */
  readonly cwd: Store<string>
  /** Asks where it is. */
  where(): void
  /** Types; false when nobody takes it. */
  type(text: string): boolean
  focus(): void
}

const SHELLS = new Map<string, Store<Shell | null>>()

/** The shell of this workspace that is on the screen. */
export function shellOf({ cluster, namespace, name }: Selected): Store<Shell | null> {
  const key = JSON.stringify([cluster, namespace, name])
  const known = SHELLS.get(key)
  if (known !== undefined) return known
  const made = new Store<Shell | null>(null)
  SHELLS.set(key, made)
  return made
}

/** A word of a shell's line, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}
