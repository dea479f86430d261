import { useRef } from 'react'
import type { Grid } from '../../grid/grid'
import { isOfExpression } from '../../lib/expression'
import { Button } from '../../ui/Button'
import { copy } from '../../ui/clipboard'
import { type Console, useConsole, useRoute, useStore } from '../../ui/console'
import { GridView } from '../../ui/GridView'
import { type Item, keyOf } from '../../ui/Menu'
import { Denied, Empty, Failed, Skeleton } from '../../ui/State'
import { tapRows } from '../../ui/taps'
import type { Head } from '../../wire/list'
import { stop, stopObstacle } from './acts'
import css from './traffic.module.css'

/** All taps of this server, running and ended. */
export function TapList() {
  const console = useConsole()
  const { navigation, traffic } = console
  const head = useStore(traffic.head)
  const held = useRef<Grid | null>(null)
  const go = (id: string) => navigation.traffic({ tap: id, record: null, chip: '' }, { filter: '', sort: [] })
  return (
    <GridView
      list={traffic}
      name="taps"
      label="Taps"
      scope="table"
      listOf={({ filter }) => filter}
      open={(row) => go(row.name)}
      rest={() => {}}
      marks={(count) => console.marked.set(count)}
      items={() => tapItems(console, held.current?.chosen()[0]?.name ?? '')}
      mounted={(grid) => {
        held.current = grid
      }}
      commands={(grid) => {
        const here = () => grid()?.chosen()[0]?.name
        return {
          escape: () => {
            if (navigation.route.get().filter !== '') console.commands.run('filter.clear')
          },
          'copy.name': () => copy(console, here() ?? '', 'the id of the tap'),
        }
      }}
    >
      <State head={head} />
    </GridView>
  )
}

/** The menu of a tap. */
function tapItems(console: Console, id: string): Item[] {
  const row = tapRows(console.traffic).find((tap) => tap.id === id)
  return [
    { title: 'Open', command: 'open', run: () => void console.commands.run('open') },
    { title: 'Copy its id', icon: 'copy', command: 'copy.name', run: () => void console.commands.run('copy.name') },
    {
      title: 'Stop',
      apart: true,
      danger: true,
      disabled: stopObstacle(console, row?.state),
      run: () => void stop(console, id),
    },
  ]
}

function State({ head }: { head: Head }) {
  const console = useConsole()
  const { filter } = useRoute()
  const state = choose()
  return state === null ? null : <div className={css.over}>{state}</div>

  function choose() {
    if (head.total > 0) return null
    const { error } = head
    if (error !== null) {
      if (isOfExpression(error.code)) return null
      if (error.code === 'rbac_denied') return <Denied error={error} cluster={console.inView().join(', ')} />
      return <Failed error={error} tried="listing the taps" onRetry={console.traffic.retry} />
    }
    if (!head.ready) return <Skeleton lines={9} />
    if (filter !== '') {
      return (
        <Empty title="No taps match the filter">
          <p>
            <code>{filter}</code>
          </p>
          <Button look="outlined" onClick={() => console.commands.run('filter.clear')}>
            Clear the filter
          </Button>
        </Empty>
      )
    }
    return (
      <Empty title="Nothing is tapped">
        <p>
          A tap shows what pods say to each other while they say it: requests with their answers, names that are looked
          up, connections that fail, and the packets if you want them. Nothing has to be installed; secrets are masked
          before they leave the pod.
        </p>
        <p>
          Start one on a pod, a workload or a service: choose its row and press <kbd>{keyOf('act.tap')}</kbd>. Or in a
          terminal: <code>qd tap -n NAMESPACE -l app=NAME</code>
        </p>
        <Button look="outlined" onClick={() => console.navigation.go({ kind: 'pods', filter: '', sort: [] })}>
          Choose a pod
        </Button>
      </Empty>
    )
  }
}
