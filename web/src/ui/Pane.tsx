import { type ReactNode, useState } from 'react'
import { isNumber, remember, remembered } from '../lib/remembered'
import { Button } from './Button'
import { useConsole } from './console'
import css from './pane.module.css'
import { Splitter } from './Splitter'
import { Tabs } from './Tabs'

/** Where a pane stands: right of the rows or below them. */
export type PanePlace = 'right' | 'below'

const LIMITS = { right: { first: 560, least: 340, most: 1100 }, below: { first: 320, least: 160, most: 900 } } as const

interface Props<T extends string> {
  /** Whose keys hold in it; its sizes are remembered under it too. */
  scope: 'detail' | 'record'
  label: string
  place: PanePlace
  name: string
  /** Directly behind the name. */
  beside?: ReactNode
  /** Before the button that closes it. */
  tools: ReactNode
  tabs: readonly T[]
  titles: Readonly<Record<T, string>>
  tab: T
  show: (tab: T) => void
  children: ReactNode
}

/** What one row is about, in parts, beside the rows. */
export function Pane<T extends string>(props: Props<T>) {
  const { scope, label, place, name, beside, tools, tabs, titles, tab, show, children } = props
  const { commands } = useConsole()
  const [sizes, setSizes] = useState(() => ({ right: savedSize(scope, 'right'), below: savedSize(scope, 'below') }))
  const size = sizes[place]
  const { least, most } = LIMITS[place]
  return (
    <aside
      ref={(element) => element?.style.setProperty('--size', `${size}px`)}
      className={`${css.pane} ${css[place]}`}
      aria-label={label}
      data-scope={scope}
    >
      <Splitter
        label="Size of the pane"
        edge={place === 'right' ? 'left' : 'top'}
        value={size}
        least={least}
        most={most}
        onChange={(next, done) => {
          setSizes({ ...sizes, [place]: next })
          if (done) remember(`${scope}.${place}`, next)
        }}
      />
      <header className={css.head}>
        <h2 className={css.name} title={name}>
          {name}
        </h2>
        {beside}
        <span className={css.space} />
        {tools}
        <Button bare icon="close" onClick={() => commands.run(`${scope}.close`)}>
          Close
        </Button>
      </header>
      <Tabs tabs={tabs} titles={titles} tab={tab} show={show} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key */}
      <div className={css.panel} id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {children}
      </div>
    </aside>
  )
}

function savedSize(scope: string, place: PanePlace): number {
  return remembered(`${scope}.${place}`, LIMITS[place].first, isNumber)
}
