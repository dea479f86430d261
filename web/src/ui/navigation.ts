/** The route in the address bar: the only place where the state of a screen is kept. */

import { formatRoute, parseRoute, type Route } from '../lib/route'
import { Store } from '../lib/store'

export class Navigation {
  readonly route = new Store<Route>(parseRoute(location.search))
  #last: string | null = null

  constructor() {
    window.addEventListener('popstate', () => this.route.set(parseRoute(location.search)))
  }

  /** Goes to another view; Back returns. */
  go(change: Partial<Route>): void {
    this.#put({ ...this.route.get(), ...change }, true)
  }

  /** Refines this view in place: a filter being typed, a cursor being moved. */
  refine(change: Partial<Route>): void {
    this.#put({ ...this.route.get(), ...change }, false)
  }

  /** The view before this one, and from there this one again. */
  last(): void {
    if (this.#last !== null) this.#put(parseRoute(this.#last), true)
  }

  #put(route: Route, push: boolean): void {
    const url = formatRoute(route)
    if (url === location.search) return
    if (push) {
      this.#last = location.search
      history.pushState(null, '', url)
    } else history.replaceState(null, '', url)
    this.route.set(route)
  }
}
