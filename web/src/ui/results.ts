/** Results of one's own acts, shown in the status line; they never cover rows. */

import { Store } from '../lib/store'

export interface Result {
  id: number
  good: boolean
  text: string
  atMs: number
}

const KEPT = 50

export class Results {
  readonly all = new Store<readonly Result[]>([])
  #next = 1

  add(good: boolean, text: string): void {
    const result = { id: this.#next++, good, text, atMs: Date.now() }
    this.all.update((all) => [result, ...all].slice(0, KEPT))
  }

  clear = (): void => this.all.set([])
}
