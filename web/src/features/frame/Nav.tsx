import { useState } from 'react'
import { isNumber, isStrings, remember, remembered } from '../../lib/remembered'
import { grouped } from '../../lib/text'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { Icon } from '../../ui/Icon'
import { Splitter } from '../../ui/Splitter'
import type { Kind } from '../../wire/api'
import css from './nav.module.css'

/** Sections of kinds with live counts from one subscription. */
export function Nav() {
  const console = useConsole()
  const route = useRoute()
  const counts = useStore(console.counts.kinds)
  const [width, setWidth] = useState(() => remembered('nav.width', 212, isNumber))
  const [closed, setClosed] = useState(() => remembered('nav.closed', ['Custom'], isStrings))
  const kinds = console.kinds()
  const twice = repeated(kinds)
  const toggle = (section: string) => {
    const next = closed.includes(section) ? closed.filter((name) => name !== section) : [...closed, section]
    setClosed(next)
    remember('nav.closed', next)
  }
  return (
    <nav className={css.pane} aria-label="Kinds" ref={(element) => element?.style.setProperty('width', `${width}px`)}>
      <div className={css.nav}>
        {kinds.length === 0 && <p className={css.none}>Kinds appear here once the cluster has answered.</p>}
        {sections(kinds).map(([section, kinds]) => {
          const open = !closed.includes(section)
          return (
            <section key={section} className={css.section}>
              <button type="button" className={css.heading} aria-expanded={open} onClick={() => toggle(section)}>
                <span>{section}</span>
                <Icon name="chevron" />
              </button>
              {open && (
                <ul>
                  {kinds.map((kind) => (
                    <li key={kind.id}>
                      <NavItem
                        kind={kind}
                        group={twice.has(kind.title) ? kind.id.split('.').slice(1).join('.') : ''}
                        count={counts[kind.id]}
                        current={kind.id === route.kind}
                        go={() => console.navigation.go({ kind: kind.id, filter: '', sort: [], object: null })}
                      />
                    </li>
                  ))}
                </ul>
              )}
            </section>
          )
        })}
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

function NavItem(props: { kind: Kind; group: string; count: number | undefined; current: boolean; go: () => void }) {
  const { kind, count, current } = props
  const denied = kind.denied.includes('list')
  return (
    <button
      type="button"
      className={css.item}
      aria-current={current ? 'page' : undefined}
      title={denied ? `you may not list ${kind.id} on the whole cluster` : kind.id}
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
