/** The route in the address bar: the only place where the state of a screen is kept. */

import {
  ALL_WORKSPACES,
  formatRoute,
  listOf,
  parseRoute,
  type Route,
  TAPS,
  type Traffic,
  WORKSPACE_KIND,
  type Workspaces,
} from '../lib/route'
import { Store } from '../lib/store'

/** Lists whose way back is remembered. */
const MOST_ABOVE = 100

export class Navigation {
  readonly route = new Store<Route>(parseRoute(location.search))
  #last: string | null = null
  /** From which view each list was reached by going below a row. */
  #above = new Map<string, string>()

  constructor() {
    window.addEventListener('popstate', () => this.route.set(parseRoute(location.search)))
  }

  /** Goes to another view; Back returns. */
  go(change: Partial<Route>): void {
    const { kind, object = null, tab } = change
    // Workspaces have a section of their own; their YAML stands among rows as that of any kind.
    if (kind === WORKSPACE_KIND && tab === undefined) {
      this.workspaces({ ...ALL_WORKSPACES, open: object }, { ...change, object: null })
      return
    }
    // Going to a kind leaves the sections that are of no kind.
    const left = change.kind !== undefined && change.traffic === undefined ? { traffic: null, workspaces: null } : {}
    this.#put({ ...this.route.get(), ...change, ...left }, true)
  }

  /** Goes somewhere within the section Traffic, or into it. */
  traffic(change: Partial<Traffic>, more: Partial<Route> = {}, push = true): void {
    const route = this.route.get()
    const traffic = { ...(route.traffic ?? TAPS), ...change }
    this.#put({ ...route, object: null, workspaces: null, ...more, traffic }, push)
  }

  /** Goes somewhere within the section Workspaces, or into it. */
  workspaces(change: Partial<Workspaces>, more: Partial<Route> = {}, push = true): void {
    const route = this.route.get()
    const workspaces = { ...(route.workspaces ?? ALL_WORKSPACES), ...change }
    this.#put({ ...route, object: null, ...more, kind: WORKSPACE_KIND, traffic: null, workspaces }, push)
  }

  /** Refines this view in place: a filter being typed, a cursor being moved. */
  refine(change: Partial<Route>): void {
    this.#put({ ...this.route.get(), ...change }, false)
  }

  /** Goes to the list of what is below a row; `above` leads back. */
  below(change: Partial<Route>): void {
    const from = location.search
    this.go({ ...change, object: null })
    if (this.#above.size >= MOST_ABOVE) this.#above.clear()
    this.#above.set(listOf(this.route.get()), from)
  }

  /** Goes back to the row whose list this is; says whether there is one. */
  above(): boolean {
    const from = this.#above.get(listOf(this.route.get()))
    if (from === undefined) return false
    this.#put(parseRoute(from), true)
    return true
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
