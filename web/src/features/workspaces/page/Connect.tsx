import { type FormEvent, useState } from 'react'
import { Button } from '../../../ui/Button'
import css from './overview.module.css'

/** Connect to port: any that somebody listens on. */
export function Connect({ open }: { open: (port: number) => void }) {
  const [text, setText] = useState('')
  const port = Number(text)
  const good = Number.isInteger(port) && port > 0 && port < 65_536
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (good) open(port)
  }
  return (
    <form className={css.port} onSubmit={submit}>
      <label htmlFor="connect-port">Connect to port</label>
      <input
        id="connect-port"
        className={css.number}
        value={text}
        inputMode="numeric"
        placeholder="8080"
        autoComplete="off"
        aria-invalid={text !== '' && !good}
        onChange={(event) => setText(event.target.value.trim())}
      />
      <Button type="submit" look="outlined" disabled={!good}>
        Open in a tab
      </Button>
    </form>
  )
}
