import { lazy, Suspense } from 'react'
import { FORMS, type Form } from '../../../lib/route'
import { Choices } from '../../../ui/Choices'
import { useCommands } from '../../../ui/commands'
import { useConsole } from '../../../ui/console'
import { keyOf } from '../../../ui/Menu'
import { Empty, Failed, Skeleton } from '../../../ui/State'
import { readMap } from '../../../wire/taps'
import { useSummary } from '../useReread'
import { filterOf } from './graph'
import { MapTable } from './MapTable'

// The layout of graphs is loaded with the first map that is drawn.
const MapGraph = lazy(() => import('./MapGraph'))

const TITLES: ReadonlyArray<readonly [Form, string]> = [
  ['workloads', 'Workloads'],
  ['pods', 'Pods'],
  ['table', 'Table'],
]

/** How the map is drawn; stands beside the ways to look at a tap. */
export function Forms({ form }: { form: Form }) {
  const { navigation, commands } = useConsole()
  const go = (next: Form) => navigation.traffic({ form: next }, {}, false)
  useCommands(commands, {
    'traffic.form': () => go(FORMS[(FORMS.indexOf(form) + 1) % FORMS.length] ?? 'workloads'),
  })
  return (
    <Choices legend="Form of the map" title={`Next (${keyOf('traffic.form')})`} of={TITLES} chosen={form} choose={go} />
  )
}

/** Who asks whom: drawn, or as a table; each line opens its records. */
export function MapView({ tap, form }: { tap: string; form: Form }) {
  const { navigation } = useConsole()
  const state = useSummary(tap, readMap)
  if (state.is === 'reading') return <Skeleton lines={9} />
  if (state.is === 'failed') return <Failed error={state.error} tried="adding up the records" onRetry={state.again} />
  const map = state.value
  if (map.edges.length === 0) {
    return (
      <Empty title="Nobody asked anybody yet">
        <p>Each pair of a client and a server appears here with its first request.</p>
      </Empty>
    )
  }
  const show = (filter: string) => navigation.traffic({ show: 'records', chip: '' }, { filter })
  if (form === 'table') {
    const records = ({ source, destination }: { source: string; destination: string }) =>
      show(filterOf({ sources: [source], destinations: [destination] }))
    return <MapTable map={map} records={records} />
  }
  return (
    <Suspense fallback={<Skeleton lines={9} />}>
      <MapGraph key={form} map={map} by={form} show={show} />
    </Suspense>
  )
}
