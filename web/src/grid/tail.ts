/**
 * Following the end of a list that grows: whether the newest row is kept in sight, where the view is frozen, how much
 * came meanwhile, and which row is read, so that it can be kept in its place.
 */

export interface TailState {
  following: boolean
  frozen: boolean
  /** Rows that came since following ended. */
  behind: number
}

export class Tail {
  #following = false
  /** Rows that are shown of a frozen list. */
  #limit: number | null = null
  /** How long the list was when following ended. */
  #left = 0
  #total = 0
  /** Only a list that was followed once keeps its place and tells. */
  #used = false
  #top: { index: number; key: number } | null = null
  #told = ''
  readonly #tell: (state: TailState) => void

  constructor(tell: (state: TailState) => void) {
    this.#tell = tell
  }

  get following(): boolean {
    return this.#following
  }

  /** How many rows are shown of a list that has `total`. */
  total(total: number): number {
    return this.#limit === null ? total : Math.min(total, this.#limit)
  }

  follow(on: boolean, total: number): void {
    if (on) {
      this.#used = true
      this.#limit = null
    }
    if (on === this.#following) return
    this.#following = on
    this.#left = total
    this.heard(total)
  }

  freeze(on: boolean, total: number): void {
    if (on === (this.#limit !== null)) return
    if (on && this.#following) this.#left = total
    this.#limit = on ? total : null
    if (on) this.#following = false
    this.#used = true
    this.heard(total)
  }

  /** The list has `total` rows now. */
  heard(total: number): void {
    this.#total = total
    if (!this.#used) return
    // A shorter list is another one: nothing of it is new.
    if (total < this.#left) this.#left = total
    const behind = this.#following ? 0 : this.#total - this.#left
    const state = { following: this.#following, frozen: this.#limit !== null, behind }
    const text = JSON.stringify(state)
    if (text === this.#told) return
    this.#told = text
    this.#tell(state)
  }

  /** The first row on the screen. */
  seen(index: number, key: number | null): void {
    this.#top = key === null || index === 0 ? null : { index, key }
  }

  /** By how many rows the first one on the screen has moved. */
  shift(indexOf: (key: number) => number): number {
    if (!this.#used || this.#following || this.#top === null) return 0
    const index = indexOf(this.#top.key)
    if (index < 0 || index === this.#top.index) return 0
    const by = index - this.#top.index
    this.#top = { ...this.#top, index }
    return by
  }

  /** Another list. */
  reset(): void {
    this.#limit = null
    this.#top = null
    this.#left = 0
    this.#total = 0
    this.heard(0)
  }
}
