import { useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/Button'
import type { FileEntry } from '../../wire/api'
import css from './files.module.css'
import { nameFault } from './listing'

export type Ask = { is: 'folder' } | { is: 'rename'; entry: FileEntry } | { is: 'delete'; entry: FileEntry }

/** Asks for a name, or whether something shall go. Enter does it, Esc leaves. */
export function Asking({ ask, answer, leave }: { ask: Ask; answer: (text: string) => void; leave: () => void }) {
  const form = useRef<HTMLFormElement>(null)
  const [text, setText] = useState(ask.is === 'rename' ? ask.entry.name : '')
  const fault = ask.is === 'delete' ? null : nameFault(text)
  useEffect(() => {
    const field = form.current?.querySelector<HTMLElement>('input, button')
    field?.focus()
    if (field instanceof HTMLInputElement) field.select()
  }, [])
  const words =
    ask.is === 'folder' ? 'New folder' : ask.is === 'rename' ? 'New name' : `Delete ${ask.entry.name}${all(ask.entry)}?`
  return (
    <form
      ref={form}
      className={css.ask}
      aria-label={words}
      onSubmit={(event) => {
        event.preventDefault()
        if (fault === null) answer(text)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        leave()
      }}
    >
      <span className={css.words}>{words}</span>
      {ask.is !== 'delete' && (
        <input
          className={css.field}
          aria-label={words}
          aria-invalid={text !== '' && fault !== null}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      {text !== '' && fault !== null && <span className={css.fault}>{fault}</span>}
      <Button type="submit" look={ask.is === 'delete' ? 'danger' : 'primary'} disabled={fault !== null}>
        {ask.is === 'delete' ? 'Delete' : ask.is === 'folder' ? 'Make it' : 'Rename'}
      </Button>
      <Button look="outlined" onClick={leave}>
        Leave it
      </Button>
    </form>
  )
}

function all(entry: FileEntry): string {
  return entry.dir && !entry.link ? ' and all that it holds' : ''
}
