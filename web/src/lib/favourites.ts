/** Favourite namespaces of this browser: the keys 1 to 9, in the order in which they were chosen. */

import { isStrings, remember, remembered } from './remembered'
import { Store } from './store'

export const MOST = 9

const KEY = 'namespaces.favourite'

export const favourites = new Store<readonly string[]>(remembered(KEY, [], isStrings).slice(0, MOST))

/** Adds a namespace, or takes it out; the tenth is not added. Tells whether it is one now. */
export function toggleFavourite(name: string): boolean {
  const now = favourites.get()
  const was = now.includes(name)
  if (!was && now.length >= MOST) return false
  const next = was ? now.filter((other) => other !== name) : [...now, name]
  favourites.set(next)
  remember(KEY, next)
  return !was
}
