import { useEffect, useRef, useState } from 'react'
import { size } from '../../lib/text'
import { Button } from '../../ui/Button'
import { useCommands } from '../../ui/commands'
import { useConsole } from '../../ui/console'
import type { ErrorBody, ObjectDetail } from '../../wire/api'
import { errorBody, reveal } from '../../wire/rest'
import css from './overview.module.css'

interface Shown {
  key: string
  text: string
  decision: string
}

/** Keys of a Secret. One value at a time can be revealed: a recorded act; it is shown until closed and kept nowhere. */
export function SecretKeys({ detail }: { detail: ObjectDetail }) {
  const console = useConsole()
  const [shown, setShown] = useState<Shown | null>(null)
  const [error, setError] = useState<ErrorBody | null>(null)
  const list = useRef<HTMLUListElement>(null)
  const { object, secret_keys: keys } = detail
  const of = `${object.cluster}/${object.namespace}/${object.name}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: another Secret closes what was open
  useEffect(() => {
    setShown(null)
    setError(null)
  }, [of])
  const show = async (key: string) => {
    setError(null)
    try {
      const { value_base64, decision } = await reveal({
        object,
        key,
        answers: { confirm: true, typed_name: '', reason: '' },
      })
      setShown({ key, text: decode(value_base64), decision })
      console.results.add(true, `revealed ${key} of ${object.name}; the decision is recorded`)
    } catch (thrown) {
      setError(errorBody(thrown))
    }
  }
  useCommands(console.commands, {
    'detail.reveal': () => {
      const buttons = [...(list.current?.querySelectorAll<HTMLButtonElement>('[data-reveal]') ?? [])]
      const focused = buttons.find((button) => button === document.activeElement)
      if (buttons.length === 1 || focused !== undefined) (focused ?? buttons[0])?.click()
      else buttons[0]?.focus()
    },
  })
  return (
    <section className={css.part}>
      <h3>Keys</h3>
      <ul ref={list}>
        {keys.map(({ key, bytes }) => (
          <li key={key} className={css.secret}>
            <span className={css.key}>{key}</span>
            <span className={css.small}>{size(bytes)}</span>
            {shown?.key === key ? (
              <Button look="outlined" data-reveal onClick={() => setShown(null)}>
                Hide
              </Button>
            ) : (
              <Button
                look="outlined"
                icon="eye"
                data-reveal
                aria-label={`Reveal ${key}`}
                onClick={() => void show(key)}
              >
                Reveal
              </Button>
            )}
            {shown?.key === key && (
              <div className={css.value}>
                <pre>{shown.text}</pre>
                <p className={css.small}>decision {shown.decision}, in the journal</p>
              </div>
            )}
          </li>
        ))}
      </ul>
      {error !== null && (
        <p className={css.level4} role="alert">
          ■ {error.message} <code>{error.code}</code>
        </p>
      )}
    </section>
  )
}

/** Text when it is text, else its size. */
function decode(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return `binary, ${size(bytes.length)}; base64:\n${base64}`
  }
}
