import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/Button'
import { Problem } from '../../ui/Problem'
import type { ErrorBody, KubeconfigAdded } from '../../wire/api'
import { addKubeconfig, errorBody } from '../../wire/rest'
import css from './kubeconfig.module.css'

const MOST_LINES = 12

interface Props {
  done: (added: KubeconfigAdded) => void
  close?: () => void
}

/** A kubeconfig by the path of its file, or as it is: chosen or pasted. */
export function KubeconfigForm({ done, close }: Props) {
  const [said, setSaid] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ErrorBody | null>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const lines = said.split('\n').length
  useEffect(() => field.current?.focus(), [])
  const load = async () => {
    if (busy || said.trim() === '') return
    setBusy(true)
    setError(null)
    try {
      done(await addKubeconfig(isPath(said) ? { file: said.trim() } : { text: said }))
    } catch (thrown) {
      setError(errorBody(thrown))
    }
    setBusy(false)
  }
  const change = (text: string) => {
    setSaid(text)
    setError(null)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || (lines > 1 && !event.ctrlKey && !event.metaKey)) return
    event.preventDefault()
    void load()
  }
  return (
    <form
      className={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void load()
      }}
    >
      <textarea
        ref={field}
        className={css.field}
        rows={Math.min(lines, MOST_LINES)}
        aria-label="Kubeconfig: the path of its file, or its text"
        aria-invalid={error !== null}
        placeholder="~/.kube/other, or paste a kubeconfig"
        spellCheck={false}
        autoComplete="off"
        value={said}
        onChange={(event) => change(event.target.value)}
        onKeyDown={keys}
      />
      {error !== null && <Problem role="alert" error={error} />}
      <div className={css.foot}>
        <input
          ref={chooser}
          type="file"
          className="unseen"
          tabIndex={-1}
          aria-hidden="true"
          onChange={(event) => {
            const [file] = event.target.files ?? []
            void file?.text().then((text) => {
              change(text)
              field.current?.focus()
            })
          }}
        />
        <Button onClick={() => chooser.current?.click()}>Choose a file…</Button>
        <span className={css.space} />
        {close !== undefined && (
          <Button look="outlined" onClick={close}>
            Leave <kbd>Esc</kbd>
          </Button>
        )}
        <Button look="primary" type="submit" disabled={busy || said.trim() === ''}>
          {busy ? 'Reading…' : 'Load'} <kbd>{lines > 1 ? 'Ctrl Enter' : 'Enter'}</kbd>
        </Button>
      </div>
    </form>
  )
}

/** One line is a path; a kubeconfig has more. */
export function isPath(said: string): boolean {
  const text = said.trim()
  return !text.includes('\n') && !text.startsWith('{')
}
