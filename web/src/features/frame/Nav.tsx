import { useState } from 'react'
import { isNumber, isStrings, remember, remembered } from '../../lib/remembered'
import { WORKSPACE_KIND } from '../../lib/route'
import { grouped } from '../../lib/text'
import { openIn } from '../../ui/acts'
import { type Console, useConsole, useRoute, useStore } from '../../ui/console'
import { Icon } from '../../ui/Icon'
import { Splitter } from '../../ui/Splitter'
import { useRunningTaps } from '../../ui/useTaps'
import type { Kind } from '../../wire/api'
import css from './nav.module.css'

/** The same objects under a second name: the palette goes there, the navigation says each once. */
const TWICE: ReadonlySet<string> = new Set(['events.events.k8s.io'])

const WORKSPACES = 'Workspaces'

/** Sections of kinds with live counts from one subscription. */
export function Nav() {
  const console = useConsole()
  const route = useRoute()
  const counts = useStore(console.counts.kinds)
  const [width, setWidth] = useState(() => remembered('nav.width', 212, isNumber))
  const [closed, setClosed] = useState(() => remembered('nav.closed', ['Custom', WORKSPACES], isStrings))
  const kinds = console.kinds().filter(({ id }) => !TWICE.has(id))
  const twice = repeated(kinds)
  const toggle = (section: string) => {
    const next = closed.includes(section) ? closed.filter((name) => name !== section) : [...closed, section]
    setClosed(next)
    remember('nav.closed', next)
  }
  const all = sections(kinds)
  const own = (all.find(([section]) => section === WORKSPACES)?.[1] ?? []).filter(({ id }) => id !== WORKSPACE_KIND)
  const others = all.filter(([section]) => section !== WORKSPACES)
  const more = own.length > 0 && !closed.includes(WORKSPACES)
  const item = (kind: Kind) => (
    <li key={kind.id}>
      <NavItem
        kind={kind}
        group={twice.has(kind.title) ? kind.id.split('.').slice(1).join('.') : ''}
        count={counts[kind.id]}
        current={route.traffic === null && route.workspaces === null && kind.id === route.kind}
        denied={denied(console, kind)}
        go={() => console.navigation.go({ kind: kind.id, filter: '', sort: [], object: null })}
      />
    </li>
  )
  return (
    <nav className={css.pane} aria-label="Kinds" ref={(element) => element?.style.setProperty('width', `${width}px`)}>
      <div className={css.nav}>
        {kinds.length === 0 && <p className={css.none}>Kinds appear here once the cluster has answered.</p>}
        {others.map(([section, kinds]) => {
          const open = !closed.includes(section)
          return (
            <section key={section} className={css.section}>
              <button type="button" className={css.heading} aria-expanded={open} onClick={() => toggle(section)}>
                <span>{section}</span>
                <Icon name="chevron" />
              </button>
              {open && <ul>{kinds.map(item)}</ul>}
            </section>
          )
        })}
      </div>
      <div className={css.foot}>
        <TrafficSection />
        <section>
          <button
            type="button"
            className={css.heading}
            aria-expanded={own.length > 0 ? more : undefined}
            onClick={() => own.length > 0 && toggle(WORKSPACES)}
          >
            <span>{WORKSPACES}</span>
            {own.length > 0 && <Icon name="chevron" />}
          </button>
          <ul>
            <li>
              <WorkspacesItem count={counts[WORKSPACE_KIND]} />
            </li>
            {more && own.map(item)}
          </ul>
        </section>
      </div>
      <Splitter
        label="Width of the navigation"
        value={width}
        least={180}
        most={480}
        onChange={(next, done) => {
          setWidth(next)
          if (done) remember('nav.width', next)
        }}
      />
    </nav>
  )
}

/** Workspaces have a view of their own, which says how they are installed where they are not. */
function WorkspacesItem({ count }: { count: number | undefined }) {
  const console = useConsole()
  const { workspaces } = useRoute()
  return (
    <button
      type="button"
      className={css.item}
      aria-current={workspaces === null ? undefined : 'page'}
      title="workspaces: places to work"
      onClick={() => void console.commands.run('workspaces')}
    >
      <span className={css.title}>Workspaces</span>
      <span className={css.count}>{count === undefined ? '' : grouped(count)}</span>
    </button>
  )
}

/** Taps are of no kind: what pods say to each other. */
function TrafficSection() {
  const console = useConsole()
  const { traffic } = useRoute()
  const running = useRunningTaps().length
  return (
    <section>
      <h2 className={css.heading}>Traffic</h2>
      <ul>
        <li>
          <button
            type="button"
            className={css.item}
            aria-current={traffic === null ? undefined : 'page'}
            title="taps: what pods say to each other"
            onClick={() => void console.commands.run('traffic')}
          >
            <span className={css.title}>Taps</span>
            <span className={css.count}>{running > 0 ? `${running} running` : ''}</span>
          </button>
        </li>
      </ul>
    </section>
  )
}

/** No namespace of any cluster in view may be listed. */
function denied(console: Console, kind: Kind): boolean {
  const clusters = console.inView().map((name) => console.cluster(name))
  return clusters.every((cluster) => {
    const own = cluster?.kinds.find(({ id }) => id === kind.id)
    return own?.denied.includes('list') === true && openIn(cluster, own, 'list').length === 0
  })
}

interface NavItemProps {
  kind: Kind
  group: string
  count: number | undefined
  current: boolean
  denied: boolean
  go: () => void
}

function NavItem(props: NavItemProps) {
  const { kind, count, current, denied } = props
  return (
    <button
      type="button"
      className={css.item}
      aria-current={current ? 'page' : undefined}
      title={denied ? `you may not list ${kind.id} here` : kind.id}
      onClick={props.go}
    >
      <span className={css.title}>
        {kind.title}
        {props.group !== '' && <small className={css.group}> {props.group}</small>}
      </span>
      {denied ? <Icon name="lock" /> : <span className={css.count}>{count === undefined ? '' : grouped(count)}</span>}
      {denied && <span className="unseen">denied</span>}
    </button>
  )
}

/** Titles that several kinds share: pods, and their metrics. */
function repeated(kinds: readonly Kind[]): ReadonlySet<string> {
  const titles = kinds.map((kind) => kind.title)
  return new Set(titles.filter((title, at) => titles.indexOf(title) !== at))
}

/** Sections in the order in which the server names them first. */
function sections(kinds: readonly Kind[]): Array<[string, Kind[]]> {
  const found = new Map<string, Kind[]>()
  for (const kind of kinds) {
    const list = found.get(kind.section)
    if (list === undefined) found.set(kind.section, [kind])
    else list.push(kind)
  }
  return [...found]
}
