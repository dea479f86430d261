/** Light, dark, as the system has it, or high contrast; switched without a reload. */

import { isString, remember, remembered } from '../lib/remembered'
import { Store } from '../lib/store'

export type ThemeName = 'system' | 'light' | 'dark' | 'contrast'
export const THEMES: ReadonlyArray<readonly [ThemeName, string]> = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
  ['contrast', 'High contrast'],
]

export class Theme {
  readonly name = new Store<ThemeName>('system')
  /** What is drawn. */
  readonly dark = new Store(false)
  #system = matchMedia('(prefers-color-scheme: dark)')
  #more = matchMedia('(prefers-contrast: more)')

  constructor() {
    const saved = remembered<string>('theme', 'system', isString)
    this.name.set(THEMES.find(([name]) => name === saved)?.[0] ?? 'system')
    this.#system.addEventListener('change', this.#apply)
    this.#more.addEventListener('change', this.#apply)
    this.#apply()
  }

  choose(name: ThemeName): void {
    this.name.set(name)
    remember('theme', name)
    this.#apply()
  }

  #apply = (): void => {
    const name = this.name.get()
    const dark = name === 'dark' || (name !== 'light' && this.#system.matches)
    const contrast = name === 'contrast' || (name === 'system' && this.#more.matches)
    const { dataset } = document.documentElement
    dataset['theme'] = dark ? 'dark' : 'light'
    dataset['contrast'] = contrast ? 'high' : 'normal'
    this.dark.set(dark)
  }
}
