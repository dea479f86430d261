/** Small subscriptions without rows: the clusters, counts by kind, counts of a list by filter. */

import { Store } from '../lib/store'
import type { Cluster, CountsQuery, ServerFrame, TallyQuery, What } from './api'
import type { Receiver, Socket } from './socket'

/** The clusters, their states and kinds; null until the server has said. */
export class ClustersFeed implements Receiver {
  readonly clusters = new Store<readonly Cluster[] | null>(null)

  constructor(socket: Socket) {
    socket.subscribe(this)
  }

  what(): What {
    return 'clusters'
  }

  resume(): undefined {}

  receive(frame: ServerFrame): void {
    if (!('clusters' in frame)) return
    const before = this.clusters.get() ?? []
    // A server that has begun anew does not know the kinds yet; those of before stay until it does.
    const kinds = ({ name, kinds }: Cluster) =>
      kinds.length > 0 ? kinds : (before.find((known) => known.name === name)?.kinds ?? [])
    this.clusters.set(frame.clusters.clusters.map((cluster) => ({ ...cluster, kinds: kinds(cluster) })))
  }

  end(): void {}
}

/** How many objects of each kind there are in the clusters and namespaces shown. */
export class CountsFeed implements Receiver {
  readonly kinds = new Store<Readonly<Record<string, number>>>({})
  #socket: Socket
  #id = 0
  #query: CountsQuery = { clusters: [], namespaces: [] }

  constructor(socket: Socket) {
    this.#socket = socket
  }

  show(query: CountsQuery): void {
    if (this.#id !== 0) this.#socket.unsubscribe(this.#id)
    this.#query = query
    this.#id = query.clusters.length > 0 ? this.#socket.subscribe(this) : 0
    if (this.#id === 0) this.kinds.set({})
  }

  what(): What {
    return { counts: this.#query }
  }

  resume(): undefined {}

  receive(frame: ServerFrame): void {
    if ('counts' in frame) this.kinds.set(frame.counts.kinds as Record<string, number>)
  }

  end(): void {
    this.#id = 0
  }
}

/** How many rows of a list each of some filters chooses. */
export class TallyFeed implements Receiver {
  #socket: Socket
  #id: number
  #query: TallyQuery
  #tell: (counts: Readonly<Record<string, number>>) => void

  constructor(socket: Socket, query: TallyQuery, tell: (counts: Readonly<Record<string, number>>) => void) {
    this.#socket = socket
    this.#query = query
    this.#tell = tell
    this.#id = socket.subscribe(this)
  }

  close(): void {
    this.#socket.unsubscribe(this.#id)
  }

  what(): What {
    return { tally: this.#query }
  }

  resume(): undefined {}

  receive(frame: ServerFrame): void {
    if ('counts' in frame) this.#tell(frame.counts.kinds as Record<string, number>)
  }

  end(): void {}
}
