import type { SearchAddon } from '@xterm/addon-search'
import { useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/Button'
import css from './terminal.module.css'

/** Finds text on the screen and above it: Enter the one before, Shift-Enter the one behind, Esc back to the shell. */
export function Find({ search, close }: { search: SearchAddon; close: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [found, setFound] = useState({ at: -1, count: 0 })
  useEffect(() => field.current?.focus(), [])
  useEffect(() => {
    const listening = search.onDidChangeResults(({ resultIndex, resultCount }) =>
      setFound({ at: resultIndex, count: resultCount }),
    )
    return () => listening.dispose()
  }, [search])
  const decorations = {
    matchOverviewRuler: '#d9a441',
    activeMatchColorOverviewRuler: '#b0a3f7',
    matchBackground: '#d9a44155',
    activeMatchBackground: '#b0a3f7aa',
  }
  const before = (incremental = false) => search.findPrevious(text, { decorations, incremental })
  const behind = () => search.findNext(text, { decorations })
  return (
    <search className={css.find}>
      <input
        ref={field}
        className={css.field}
        type="search"
        aria-label="Find in the terminal"
        placeholder="Find"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          search.findPrevious(event.target.value, { decorations, incremental: true })
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            event.preventDefault()
            if (event.shiftKey) behind()
            else before()
          } else if (event.key === 'Escape') {
            event.preventDefault()
            close()
          }
        }}
      />
      <span className={css.count} role="status">
        {text === '' ? '' : found.count === 0 ? 'none' : `${found.at + 1} of ${found.count}`}
      </span>
      <Button bare icon="close" onClick={close}>
        Close
      </Button>
    </search>
  )
}
