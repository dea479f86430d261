/**
 * The console's state outside React, in one place: the connection, what is in view, who we are, what is being planned.
 * Made once by `app`; components reach it through `useConsole`.
 */

import { createContext, useContext, useSyncExternalStore } from 'react'
import { withChip } from '../lib/chips'
import type { Selected } from '../lib/route'
import { Store } from '../lib/store'
import type { Act, Cluster, Kind, ListQuery, ObjectRef, RowsQuery, Session } from '../wire/api'
import { ClustersFeed, CountsFeed } from '../wire/feeds'
import { RowList } from '../wire/list'
import type { Socket } from '../wire/socket'
import { Commands } from './commands'
import { Navigation } from './navigation'
import { Results } from './results'
import { Theme } from './theme'
import { Wants } from './wants'

/** An act that a person asked for, before its plan is made. */
export interface Intent {
  act: Act['act']
  objects: readonly ObjectRef[]
}

/** Something that is to be done to workspaces, while the dialog says what it means. */
export interface Asked {
  act: 'start' | 'stop' | 'delete'
  places: readonly Selected[]
}

/** What is open over the page. */
export type Overlay =
  | { is: 'palette'; text: string }
  | { is: 'help' }
  | { is: 'namespaces' }
  | { is: 'kubeconfig' }
  | null

const FIRST_WINDOW = 120
/** More taps than that are not counted one by one. */
const KNOWN_TAPS = 200

export class Console {
  readonly navigation = new Navigation()
  readonly commands = new Commands()
  readonly results = new Results()
  readonly theme = new Theme()
  /** What the policy wants to be answered. */
  readonly wants = new Wants()
  readonly session: Store<Session>
  readonly overlay = new Store<Overlay>(null)
  readonly intent = new Store<Intent | null>(null)
  /** How many rows are marked in the table. */
  readonly marked = new Store(0)
  readonly socket: Socket
  readonly clusters: ClustersFeed
  readonly counts: CountsFeed
  readonly list: RowList
  /** All taps: what runs is said wherever one stands. */
  readonly taps: RowList<ListQuery>
  /** The list of the section Traffic: taps, or the records of one. */
  readonly traffic: RowList<ListQuery>
  /** The objects that somebody wants to tap, while the dialog asks how. */
  readonly tapping = new Store<readonly ObjectRef[] | null>(null)
  /** What somebody wants to do to workspaces, while the dialog asks. */
  readonly asked = new Store<Asked | null>(null)
  /** The objects that an act would be for; the table says. */
  chosen: () => ObjectRef[] = () => []

  constructor(socket: Socket, session: Session) {
    this.socket = socket
    this.session = new Store(session)
    this.clusters = new ClustersFeed(socket)
    this.counts = new CountsFeed(socket)
    this.list = new RowList(socket, this.query())
    this.taps = new RowList<ListQuery>(socket, { list: 'taps', filter: '', sort: [], at: 0, len: KNOWN_TAPS }).open()
    this.traffic = new RowList(socket, this.trafficQuery())
    this.navigation.route.watch(() => this.#follow())
    this.clusters.clusters.watch(() => this.#follow())
    // A URL that names its clusters needs to wait for nothing.
    this.#follow()
  }

  /** The clusters in view: those of the URL, else the current one. */
  inView(): string[] {
    const { clusters } = this.navigation.route.get()
    if (clusters.length > 0) return [...clusters]
    const known = this.clusters.clusters.get() ?? []
    const current = known.find((cluster) => cluster.current) ?? known[0]
    return current === undefined ? [] : [current.name]
  }

  cluster(name: string): Cluster | undefined {
    return this.clusters.clusters.get()?.find((cluster) => cluster.name === name)
  }

  /** The kinds that the clusters in view serve, each once, in the navigation's order. */
  kinds(): Kind[] {
    const seen = new Map<string, Kind>()
    for (const name of this.inView()) {
      for (const kind of this.cluster(name)?.kinds ?? []) if (!seen.has(kind.id)) seen.set(kind.id, kind)
    }
    return [...seen.values()]
  }

  kind(id = this.navigation.route.get().kind): Kind | undefined {
    return this.kinds().find((kind) => kind.id === id)
  }

  query(): RowsQuery {
    const { kind, namespaces, filter, sort } = this.navigation.route.get()
    const spread = this.kind(kind)?.namespaced === false ? [] : [...namespaces]
    return { kind, clusters: this.inView(), namespaces: spread, filter, sort: [...sort], at: 0, len: FIRST_WINDOW }
  }

  /** What the section Traffic shows. */
  trafficQuery(): ListQuery {
    const { traffic, filter, sort } = this.navigation.route.get()
    const tap = traffic?.tap ?? null
    return {
      list: tap === null ? 'taps' : { records: tap },
      filter: tap === null ? filter : withChip(filter, traffic?.chip ?? '').text,
      sort: [...sort],
      at: 0,
      len: FIRST_WINDOW,
    }
  }

  /** Opens the plan dialog for an act. */
  plan(act: Act['act'], objects: readonly ObjectRef[]): void {
    if (objects.length > 0) this.intent.set({ act, objects })
  }

  #counted = ''
  #opened = false

  #entered = false

  #follow(): void {
    const query = this.query()
    const key = ({ at: _at, len: _len, ...rest }: RowsQuery | ListQuery) => JSON.stringify(rest)
    const { traffic } = this.navigation.route.get()
    if (traffic === null) {
      if (this.#entered) this.traffic.close()
      this.#entered = false
    } else {
      const wanted = this.trafficQuery()
      if (!this.#entered || key(wanted) !== key(this.traffic.query)) this.traffic.show(wanted)
      this.#entered = true
    }
    if (query.clusters.length === 0) return
    // The filter of the section Traffic is none of the rows behind it.
    if (traffic === null && (key(query) !== key(this.list.query) || !this.#opened)) {
      this.#opened = true
      this.list.show(query)
    }
    const counted = JSON.stringify([query.clusters, this.navigation.route.get().namespaces])
    if (counted === this.#counted) return
    this.#counted = counted
    this.counts.show({ clusters: query.clusters, namespaces: [...this.navigation.route.get().namespaces] })
  }
}

export const ConsoleContext = createContext<Console | null>(null)

export function useConsole(): Console {
  const console = useContext(ConsoleContext)
  if (console === null) throw new Error('no console around this component')
  return console
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.watch, store.get)
}

/** The route, and the clusters it depends on. */
export function useRoute() {
  const console = useConsole()
  useStore(console.clusters.clusters)
  return useStore(console.navigation.route)
}
