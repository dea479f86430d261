import type { KeyboardEvent } from 'react'
import css from './tabs.module.css'

interface Props<T extends string> {
  tabs: readonly T[]
  titles: Readonly<Record<T, string>>
  tab: T
  show: (tab: T) => void
}

/** The parts of what is shown: one tab stop, arrows inside. The panel has the id `tab-panel`. */
export function Tabs<T extends string>({ tabs, titles, tab, show }: Props<T>) {
  return (
    <div className={css.tabs} role="tablist" aria-label="Parts" onKeyDown={arrows}>
      {tabs.map((each) => (
        <button
          key={each}
          type="button"
          id={`tab-${each}`}
          role="tab"
          className={css.tab}
          aria-selected={tab === each}
          aria-controls="tab-panel"
          tabIndex={tab === each ? 0 : -1}
          onClick={() => show(each)}
        >
          {titles[each]}
        </button>
      ))}
    </div>
  )
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
