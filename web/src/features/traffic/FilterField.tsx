import { useEffect, useRef } from 'react'
import type { ErrorBody } from '../../wire/api'
import { caret } from './captureError'
import css from './traffic.module.css'

/** What people want most; each is a whole filter. */
const PRESETS: ReadonlyArray<readonly [string, string]> = [
  ['HTTP and HTTPS', 'tcp port 80 or tcp port 8080 or tcp port 443'],
  ['no DNS', 'not port 53'],
  ['SYN only', 'tcp[tcpflags] & (tcp-syn | tcp-ack) = tcp-syn'],
  ['high ports', 'tcp portrange 1024-65535'],
  ['port 443', 'tcp port 443'],
  ['all packets', ''],
]

interface Props {
  label: string
  text: string
  error: ErrorBody | null
  focus?: boolean
  /** Signs that stand before the text where errors count them. */
  shift?: number
  change: (text: string) => void
}

/** The text of a capture filter, with its error under the place where it is. */
export function FilterField({ label, text, error, focus = false, shift = 0, change }: Props) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (focus) input.current?.select()
  }, [focus])
  const place = error === null ? null : caret(error, text, shift)
  return (
    <div className={css.field}>
      <input
        ref={input}
        className={css.input}
        value={text}
        placeholder="all packets; tcp port 8080, host 10.0.0.7, not port 53"
        aria-label={label}
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : 'capture-error'}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => change(event.target.value)}
      />
      {error !== null && (
        <div className={css.problem} id="capture-error" role="alert">
          {place !== null && (
            <pre>
              {text}
              {'\n'}
              <b>
                {' '.repeat(place.at)}
                {'^'.repeat(place.len)}
              </b>
            </pre>
          )}
          ■ {error.message} <code>{error.code}</code>
        </div>
      )}
      <div className={css.presets}>
        {PRESETS.map(([title, filter]) => (
          <button key={title} type="button" className={css.preset} title={filter} onClick={() => change(filter)}>
            {title}
          </button>
        ))}
      </div>
    </div>
  )
}
