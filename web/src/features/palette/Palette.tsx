import { useEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { isStrings, remember, remembered } from '../../lib/remembered'
import { useConsole, useStore } from '../../ui/console'
import { Modal } from '../../ui/Modal'
import { type Entry, entries } from './entries'
import css from './palette.module.css'
import { useObjects } from './useObjects'

const RECENT = 5

/** Finds views, objects, acts and settings; `:` goes to a kind as in k9s. */
export function Palette() {
  const console = useConsole()
  const overlay = useStore(console.overlay)
  return overlay?.is === 'palette' ? <Open first={overlay.text} close={() => console.overlay.set(null)} /> : null
}

function Open({ first, close }: { first: string; close: () => void }) {
  const console = useConsole()
  const [text, setText] = useState(first)
  const [at, setAt] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const chosen = useRef(false)
  const objects = useObjects(console, text)
  const known = useStore(console.clusters.clusters)
  const list = useMemo(() => {
    const namespaces = console.navigation.route.get().namespaces
    const own = (known ?? []).map((cluster) => cluster.namespace ?? '').filter(Boolean)
    const all = entries(console, text, objects, [...new Set([...namespaces, ...own])])
    return text === '' ? withRecent(all) : all
  }, [console, text, objects, known])
  const here = list[Math.min(at, list.length - 1)]
  useEffect(() => {
    document.getElementById(`entry-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [at])

  const choose = (entry: Entry | undefined) => {
    if (entry === undefined || entry.disabled) return
    chosen.current = true
    remember(
      'recent',
      [entry.id, ...remembered('recent', [], isStrings).filter((id) => id !== entry.id)].slice(0, RECENT),
    )
    // All in one go: the next key finds what was chosen, as fast as it may come.
    flushSync(close)
    console.commands.run('table.focus')
    entry.run()
  }
  return (
    <Modal title="Command palette" bare focus={input} leaves={() => chosen.current} onClose={close}>
      <input
        ref={input}
        className={css.input}
        value={text}
        placeholder="Views, objects, namespaces, acts; or :po kube-system @cluster /filter"
        aria-label="Find"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-entries"
        aria-activedescendant={here === undefined ? undefined : `entry-${list.indexOf(here)}`}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(list.length - 1, at + 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1))
          else if (event.key === 'Enter') choose(here)
          else return
          event.preventDefault()
        }}
      />
      {list.length === 0 ? (
        <p className={css.none}>Nothing by that name in view.</p>
      ) : (
        <div className={css.list} id="palette-entries" role="listbox" aria-label="Found" tabIndex={-1}>
          {list.map((entry, index) => (
            <Line
              key={entry.id}
              entry={entry}
              index={index}
              before={list[index - 1]}
              current={entry === here}
              choose={choose}
            />
          ))}
        </div>
      )}
    </Modal>
  )
}

interface LineProps {
  entry: Entry
  index: number
  before: Entry | undefined
  current: boolean
  choose: (entry: Entry) => void
}

function Line({ entry, index, before, current, choose }: LineProps) {
  return (
    <>
      {entry.section !== before?.section && (
        <div className={css.section} role="presentation">
          {entry.section}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the text field above has the keys */}
      <div
        id={`entry-${index}`}
        role="option"
        tabIndex={-1}
        className={css.entry}
        aria-selected={current}
        aria-disabled={Boolean(entry.disabled)}
        title={entry.disabled ?? undefined}
        onClick={() => choose(entry)}
      >
        <span className={css.title}>{entry.title}</span>
        <span className={css.hint}>
          {entry.disabled && entry.disabled !== entry.title ? entry.disabled : entry.hint}
        </span>
        {entry.key !== undefined && <kbd className={css.key}>{entry.key}</kbd>}
      </div>
    </>
  )
}

/** What was chosen last stands first. */
function withRecent(all: Entry[]): Entry[] {
  const recent = remembered('recent', [], isStrings)
    .map((id) => all.find((entry) => entry.id === id))
    .filter((entry) => entry !== undefined)
    .map((entry) => ({ ...entry, id: `recent ${entry.id}`, section: 'Recent' }))
  return [...recent, ...all]
}
