import { useEffect, useState } from 'react'
import { display, level } from '../lib/cell'
import type { ObjectRef, RowsQuery } from '../wire/api'
import { RowList } from '../wire/list'
import { useConsole, useStore } from './console'
import css from './objectEvents.module.css'
import { Denied, Empty, Failed, Skeleton } from './State'
import { useNow } from './useNow'

const MOST = 200

interface Props {
  object: ObjectRef
  kind: string
  /** What belongs to it and stands in its namespace, as `kind/name`: their events are its own. */
  parts?: readonly string[]
}

/** The events of one object, live, newest first. */
export function ObjectEvents({ object, kind, parts = [] }: Props) {
  const console = useConsole()
  const now = useNow(console.socket.clock)
  const [list] = useState(() => new RowList(console.socket, queryFor(object, kind, parts)))
  const [, frames] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the parts of `object` are what matters
  useEffect(() => {
    list.show(queryFor(object, kind, parts))
    const end = list.watchFrames(() => frames((count) => count + 1))
    return () => {
      end()
      list.close()
    }
  }, [list, object.cluster, object.kind, object.namespace, object.name, kind, parts.join()])
  const head = useStore(list.head)

  const denied = head.sources.find(({ state }) => state.is === 'denied')
  if (head.error !== null)
    return <Failed error={head.error} tried={`listing the events of ${object.name}`} onRetry={list.retry} />
  if (denied?.state.is === 'denied') return <Denied error={denied.state.error} cluster={object.cluster} />
  if (
    !head.ready ||
    (head.total === 0 && head.sources.some(({ state }) => state.is === 'loading' || state.is === 'connecting'))
  ) {
    return <Skeleton lines={4} />
  }
  if (head.total === 0) {
    return (
      <Empty title="No events">
        <p>Kubernetes keeps events for about an hour; new ones about {object.name} appear here at once.</p>
      </Empty>
    )
  }
  const index = (id: string) => head.columns.findIndex((column) => column.id === id)
  const at = {
    seen: index('last_seen'),
    type: index('type'),
    reason: index('reason'),
    message: index('message'),
    count: index('count'),
  }
  return (
    <div className={css.events}>
      {[...list.rows()].map(([key, , , , cells]) => {
        const cell = (place: number) => {
          const column = head.columns[place]
          return column === undefined ? '' : display(cells[place] ?? null, column.type, now)
        }
        const warning = cell(at.type) === 'Warning' || level(cells[at.type] ?? null) >= 3
        const count = Number(cell(at.count))
        return (
          <div key={key} className={css.event}>
            <i className={warning ? css.warning : css.normal}>{warning ? '▲' : '◆'}</i>
            <span>
              {cell(at.reason)}
              <span className="unseen"> {cell(at.type)}</span>
            </span>
            <span className={css.when}>
              {count > 1 && `${count} × · `}
              {cell(at.seen)}
            </span>
            <p>{cell(at.message)}</p>
          </div>
        )
      })}
    </div>
  )
}

/** Events name their object as `kind/name`; those of cluster-scoped objects live in `default`. */
function queryFor({ cluster, namespace, name }: ObjectRef, kind: string, parts: readonly string[]): RowsQuery {
  const all = [`${kind.toLowerCase()}/${name}`, ...parts]
  return {
    kind: 'events',
    clusters: [cluster],
    namespaces: namespace === '' ? [] : [namespace],
    filter: `where ${all.map((one) => `object = "${one}"`).join(' or ')}`,
    sort: [{ column: 'last_seen', descending: false }],
    at: 0,
    len: MOST,
  }
}
