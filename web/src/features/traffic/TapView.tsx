import { useEffect, useRef, useState } from 'react'
import type { Grid } from '../../grid/grid'
import type { TailState } from '../../grid/tail'
import { copy } from '../../ui/clipboard'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { GridView } from '../../ui/GridView'
import type { PanePlace } from '../../ui/Pane'
import { Denied, Failed } from '../../ui/State'
import { onlyFlow, stop, stopObstacle, toEnd } from './acts'
import { Chips } from './Chips'
import { Follow } from './Follow'
import { LatencyTools, LatencyView } from './LatencyView'
import { Forms, MapView } from './map/MapView'
import { RecordPane } from './RecordPane'
import { RecordState } from './RecordState'
import { recordItems } from './recordItems'
import { Shows } from './Shows'
import { TapHead } from './TapHead'
import { TlsBoard } from './TlsBoard'
import css from './traffic.module.css'
import { useTap } from './useTap'

/** One tap: its state, what it saw as it sees it, and one record beside. */
export function TapView({ id, place }: { id: string; place: PanePlace }) {
  const console = useConsole()
  const { navigation, traffic: list } = console
  const { traffic, sort } = useRoute()
  const { state, set, again } = useTap(id)
  const head = useStore(list.head)
  const [tail, setTail] = useState<TailState>({ following: true, frozen: false, behind: 0 })
  const held = useRef<Grid | null>(null)
  const root = useRef<HTMLDivElement>(null)
  const sorted = sort.length > 0
  const tap = state.is === 'here' ? state.tap : null
  const unordered = sorted ? 'only in the order of time: take the sort away first' : null
  const show = traffic?.show ?? 'records'
  useEffect(() => {
    // The end of a sorted list is not what is newest.
    held.current?.follow(!sorted)
    // What had the focus went with the view of before: keys go on here.
    if (show !== 'records') root.current?.focus({ preventScroll: true })
  }, [sorted, show])
  const open = (record: string, push: boolean) => navigation.traffic({ record }, {}, push)
  const step = (by: 1 | -1) => {
    const grid = held.current
    if (grid === null) return
    grid.moveBy(by)
    const name = grid.cursor()?.[3]
    if (name !== undefined && traffic?.record !== null) open(name, false)
  }

  if (state.is === 'failed') {
    return (
      <div className={css.whole}>
        {state.error.code === 'rbac_denied' ? (
          <Denied error={state.error} cluster={console.inView().join(', ')} />
        ) : (
          <Failed error={state.error} tried={`reading tap ${id}`} onRetry={again} />
        )}
      </div>
    )
  }
  return (
    <div ref={root} className={css.tap} data-scope="traffic" tabIndex={-1}>
      <TapHead tap={tap} set={set} />
      <div className={css.tools}>
        <Shows show={show} />
        {show === 'map' && <Forms form={traffic?.form ?? 'workloads'} />}
        {show === 'latency' && traffic !== null && (
          <LatencyTools by={traffic.by} linear={traffic.linear} split={traffic.split} />
        )}
        {show === 'records' && (
          <>
            <Chips tap={id} />
            <Follow
              tail={tail}
              unordered={unordered}
              follow={() => console.commands.run('traffic.follow')}
              pause={() => console.commands.run('traffic.pause')}
            />
          </>
        )}
      </div>
      {show === 'map' && <MapView tap={id} form={traffic?.form ?? 'workloads'} />}
      {show === 'latency' && traffic !== null && (
        <LatencyView
          key={`${traffic.by} ${traffic.split}`}
          tap={id}
          by={traffic.by}
          linear={traffic.linear}
          split={traffic.split}
        />
      )}
      {show === 'tls' && <TlsBoard tap={id} cluster={tap?.cluster ?? ''} />}
      {show === 'records' && rows()}
    </div>
  )

  function rows() {
    return (
      <div className={place === 'right' ? css.beside : css.stacked}>
        <GridView
          list={list}
          name="records"
          label="Records"
          scope="traffic"
          listOf={(route) => JSON.stringify([route.filter, route.traffic?.chip, route.traffic?.tap])}
          open={(row) => open(row.name, true)}
          rest={(row) => {
            if (navigation.route.get().traffic?.record) open(row.name, false)
          }}
          marks={(count) => console.marked.set(count)}
          mounted={(grid) => {
            held.current = grid
          }}
          tail={setTail}
          items={() => recordItems(console, id, held.current?.chosen()[0]?.name)}
          commands={(grid) => ({
            escape: () => goBack(grid()),
            'copy.name': () => copy(console, grid()?.chosen()[0]?.name ?? '', 'the id of the record'),
            'traffic.follow': {
              run: () => {
                if (sorted) grid()?.last()
                else grid()?.follow(true)
              },
            },
            'traffic.pause': {
              run: () => (tail.frozen ? grid()?.follow(true) : grid()?.freeze(true)),
              reason: () => unordered,
            },
            'traffic.next': () => step(1),
            'traffic.before': () => step(-1),
            'traffic.only': () => {
              const name = grid()?.cursor()?.[3] ?? traffic?.record
              if (name) void onlyFlow(console, id, name)
            },
            'traffic.end': () => {
              const name = grid()?.cursor()?.[3] ?? traffic?.record
              if (name) void toEnd(console, id, tap?.cluster ?? '', name)
            },
            'traffic.stop': { run: () => void stop(console, id), reason: () => stopObstacle(console, tap?.state) },
          })}
        >
          <RecordState head={head} tap={tap} />
        </GridView>
        {traffic !== null && traffic.record !== null && (
          <RecordPane
            tap={id}
            record={traffic.record}
            part={traffic.part}
            place={place}
            kept={tap?.packets !== 'none'}
            cluster={tap?.cluster ?? ''}
          />
        )}
      </div>
    )
  }

  /** Esc goes back one step at a time: pane, marks, filter and chip, taps. */
  function goBack(grid: Grid | null) {
    const route = navigation.route.get()
    if (route.traffic?.record) navigation.traffic({ record: null })
    else if (grid !== null && grid.marks.size > 0) grid.unmark()
    else if (route.filter !== '' || route.traffic?.chip) navigation.traffic({ chip: '' }, { filter: '' })
    else navigation.traffic({ tap: null }, { filter: '', sort: [] })
  }
}
