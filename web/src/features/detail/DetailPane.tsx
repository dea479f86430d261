import { lazy, Suspense } from 'react'
import { isString, remember, remembered } from '../../lib/remembered'
import { type Selected, TABS, type Tab } from '../../lib/route'
import { actsOf, obstacle } from '../../ui/acts'
import { Button } from '../../ui/Button'
import { copy } from '../../ui/clipboard'
import { useCommands } from '../../ui/commands'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { ObjectEvents } from '../../ui/ObjectEvents'
import { Pane, type PanePlace } from '../../ui/Pane'
import { Denied, Failed, Skeleton } from '../../ui/State'
import { TAPPABLE, tapObstacle } from '../../ui/taps'

import { ownerOf } from './model'
import { Overview } from './Overview'
import { Traffic } from './Traffic'
import { useDetail } from './useDetail'

const Yaml = lazy(() => import('./Yaml'))
const TITLES: Readonly<Record<Tab, string>> = {
  overview: 'Overview',
  yaml: 'YAML',
  events: 'Events',
  traffic: 'Traffic',
}

interface Props {
  place: PanePlace
  setPlace: (place: PanePlace) => void
}

/** The object under the cursor, right of the rows or below them. */
export function DetailPane(props: Props) {
  const { object } = useRoute()
  return object === null ? null : <Shown object={object} {...props} />
}

export function savedPlace(): PanePlace {
  // Beside the rows of a narrow window nothing would be left of them.
  const first = window.innerWidth < 1200 ? 'below' : 'right'
  return remembered('detail.place', first, isString) === 'below' ? 'below' : 'right'
}

function Shown({ object, place, setPlace }: Props & { object: Selected }) {
  const console = useConsole()
  const { kind: kindId, tab } = useRoute()
  const session = useStore(console.session)
  const kind = console.kind(kindId)
  const reference = { ...object, kind: kindId }
  const detail = useDetail(reference)
  const show = (next: Tab) => console.navigation.refine({ tab: next })
  const tappable = TAPPABLE.includes(kindId)
  const tabs = TABS.filter((name) => name !== 'traffic' || tappable)
  const tap = () => console.tapping.set([reference])
  const owner = detail.is === 'here' ? ownerOf(detail.detail.json, console.kinds()) : null

  useCommands(console.commands, {
    'detail.close': () => {
      console.navigation.go({ object: null })
      console.commands.run('table.focus')
    },
    'detail.overview': () => show('overview'),
    'detail.yaml': () => show('yaml'),
    'detail.events': () => show('events'),
    'detail.traffic': { run: () => show('traffic'), reason: () => (tappable ? null : 'it has no traffic of its own') },
    'act.tap': { run: tap, reason: () => tapObstacle(console, [reference]) },
    'detail.place': () => {
      const next = place === 'right' ? 'below' : 'right'
      remember('detail.place', next)
      setPlace(next)
    },
    'detail.owner': {
      run: () =>
        owner !== null &&
        console.navigation.go({ kind: owner.kind, filter: '', object: { ...object, name: owner.name } }),
      reason: () => (owner === null ? 'it has no owner in view' : null),
    },
  })

  return (
    <Pane
      scope="detail"
      label={`${kind?.kind ?? kindId} ${object.name}`}
      place={place}
      name={object.name}
      beside={
        <Button bare icon="copy" onClick={() => copy(console, object.name, object.name)}>
          Copy the name
        </Button>
      }
      tools={tools()}
      tabs={tabs}
      titles={TITLES}
      tab={tab}
      show={show}
    >
      {tab === 'events' && <ObjectEvents object={reference} kind={kind?.kind ?? ''} />}
      {tab === 'traffic' && <Traffic object={reference} />}
      {tab !== 'events' && tab !== 'traffic' && body()}
    </Pane>
  )

  function tools() {
    return (
      <>
        {tappable && (
          <Button
            disabled={tapObstacle(console, [reference]) !== null}
            title={tapObstacle(console, [reference]) ?? 'What it says and hears, live'}
            onClick={tap}
          >
            Tap…
          </Button>
        )}
        {!session.read_only &&
          actsOf(kind).map((entry) => {
            const why = obstacle(console, kind, entry.act, [reference])
            return (
              <Button
                key={entry.act}
                disabled={why !== null}
                title={why ?? undefined}
                onClick={() => console.plan(entry.act, [reference])}
              >
                {entry.title}
              </Button>
            )
          })}
        <Button bare icon={place === 'right' ? 'below' : 'right'} onClick={() => console.commands.run('detail.place')}>
          {place === 'right' ? 'Put the pane below' : 'Put the pane right'}
        </Button>
      </>
    )
  }

  function body() {
    if (detail.is === 'reading') return <Skeleton lines={8} />
    if (detail.is === 'failed') {
      if (detail.error.code === 'rbac_denied')
        return <Denied error={detail.error} cluster={object.cluster} user={console.cluster(object.cluster)?.user} />
      return (
        <Failed error={detail.error} tried={`reading ${object.name} from ${object.cluster}`} onRetry={detail.again} />
      )
    }
    if (tab === 'yaml') {
      return (
        <Suspense fallback={<Skeleton lines={12} />}>
          <Yaml text={detail.detail.yaml} />
        </Suspense>
      )
    }
    return <Overview detail={detail.detail} />
  }
}
