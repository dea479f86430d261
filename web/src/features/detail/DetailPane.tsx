import { type KeyboardEvent, lazy, Suspense, useEffect, useRef, useState } from 'react'
import { isNumber, isString, remember, remembered } from '../../lib/remembered'
import { type Selected, TABS, type Tab } from '../../lib/route'
import { actsOf, obstacle } from '../../ui/acts'
import { Button } from '../../ui/Button'
import { copy } from '../../ui/clipboard'
import { useCommands } from '../../ui/commands'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { Splitter } from '../../ui/Splitter'
import { Denied, Failed, Skeleton } from '../../ui/State'
import css from './detail.module.css'
import { Events } from './Events'
import { ownerOf } from './model'
import { Overview } from './Overview'
import { useDetail } from './useDetail'

const Yaml = lazy(() => import('./Yaml'))
const TITLES: Readonly<Record<Tab, string>> = { overview: 'Overview', yaml: 'YAML', events: 'Events' }

/** The object under the cursor, right of the rows or below them. */
export function DetailPane({
  place,
  setPlace,
}: {
  place: 'right' | 'below'
  setPlace: (place: 'right' | 'below') => void
}) {
  const { object } = useRoute()
  return object === null ? null : <Pane object={object} place={place} setPlace={setPlace} />
}

export function savedPlace(): 'right' | 'below' {
  // Beside the rows of a narrow window nothing would be left of them.
  const first = window.innerWidth < 1200 ? 'below' : 'right'
  return remembered('detail.place', first, isString) === 'below' ? 'below' : 'right'
}

interface PaneProps {
  object: Selected
  place: 'right' | 'below'
  setPlace: (place: 'right' | 'below') => void
}

function Pane({ object, place, setPlace }: PaneProps) {
  const console = useConsole()
  const { kind: kindId, tab } = useRoute()
  const session = useStore(console.session)
  const kind = console.kind(kindId)
  const reference = { ...object, kind: kindId }
  const detail = useDetail(reference)
  const [size, setSize] = useState(() => remembered(`detail.${place}`, place === 'right' ? 560 : 320, isNumber))
  const pane = useRef<HTMLElement>(null)
  const show = (next: Tab) => () => console.navigation.refine({ tab: next })
  const owner = detail.is === 'here' ? ownerOf(detail.detail.json, console.kinds()) : null

  useCommands(console.commands, {
    'detail.close': () => {
      console.navigation.go({ object: null })
      console.commands.run('table.focus')
    },
    'detail.overview': show('overview'),
    'detail.yaml': show('yaml'),
    'detail.events': show('events'),
    'detail.focus': () => pane.current?.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus(),
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
  useEffect(() => {
    setSize(remembered(`detail.${place}`, place === 'right' ? 560 : 320, isNumber))
  }, [place])

  return (
    <aside
      ref={(element) => {
        pane.current = element
        element?.style.setProperty('--size', `${size}px`)
      }}
      className={`${css.pane} ${css[place]}`}
      aria-label={`${kind?.kind ?? kindId} ${object.name}`}
      data-scope="detail"
    >
      <Splitter
        label="Size of the detail pane"
        edge={place === 'right' ? 'left' : 'top'}
        value={size}
        least={place === 'right' ? 340 : 160}
        most={place === 'right' ? 1100 : 900}
        onChange={(next, done) => {
          setSize(next)
          if (done) remember(`detail.${place}`, next)
        }}
      />
      <header className={css.head}>
        <h2 className={css.name} title={object.name}>
          {object.name}
        </h2>
        <Button bare icon="copy" onClick={() => copy(console, object.name, object.name)}>
          Copy the name
        </Button>
        <span className={css.space} />
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
        <Button bare icon="close" onClick={() => console.commands.run('detail.close')}>
          Close
        </Button>
      </header>
      <div className={css.tabs} role="tablist" aria-label="Parts of the object" onKeyDown={arrows}>
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            id={`tab-${name}`}
            role="tab"
            className={css.tab}
            aria-selected={tab === name}
            aria-controls="tab-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={show(name)}
          >
            {TITLES[name]}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key */}
      <div className={css.panel} id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'events' ? <Events object={reference} kind={kind?.kind ?? ''} /> : body()}
      </div>
    </aside>
  )

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

function arrows(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (step === 0) return
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')]
  const at = tabs.findIndex((tab) => tab.getAttribute('aria-selected') === 'true')
  const next = tabs[(at + step + tabs.length) % tabs.length]
  next?.focus()
  next?.click()
}
