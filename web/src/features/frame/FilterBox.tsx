import { useEffect, useRef, useState } from 'react'
import { isOfExpression } from '../../lib/expression'
import type { Store } from '../../lib/store'
import { useCommands } from '../../ui/commands'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { Icon } from '../../ui/Icon'
import type { ErrorBody } from '../../wire/api'
import type { Head } from '../../wire/list'
import css from './bar.module.css'

/** A letter filters at once; letters typed faster than this wait for the last of them. */
const PACE_MS = 50

interface Props {
  /** The list that is filtered. */
  head: Store<Head>
  placeholder: string
  /** From a place of the filter that was sent to a place of the box. */
  place?: (at: number) => number
}

/** The query language; a plain word filters at once, an error stands under it with a caret. */
export function FilterBox({ head, placeholder, place = (at) => at }: Props) {
  const console = useConsole()
  const route = useRoute()
  const { error } = useStore(head)
  const [text, setText] = useState(route.filter)
  const [sent, setSent] = useState(route.filter)
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const sentAt = useRef(Number.NEGATIVE_INFINITY)

  // Back, a link or the palette changed the filter from outside.
  if (route.filter !== sent) {
    setSent(route.filter)
    setText(route.filter)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  useCommands(console.commands, {
    filter: () => input.current?.select(),
    'filter.clear': () => apply(''),
  })

  const send = (filter: string) => {
    clearTimeout(timer.current)
    sentAt.current = performance.now()
    setSent(filter)
    console.navigation.refine({ filter })
  }
  const apply = (filter: string) => {
    setText(filter)
    send(filter)
  }
  const problem = error !== null && text !== '' ? caret(error, place) : null
  return (
    <search className={css.filter}>
      <input
        ref={input}
        className={css.input}
        value={text}
        placeholder={placeholder}
        aria-label="Filter"
        aria-invalid={problem !== null}
        aria-describedby={problem === null ? undefined : 'filter-error'}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => {
          const next = event.target.value
          setText(next)
          clearTimeout(timer.current)
          const wait = sentAt.current + PACE_MS - performance.now()
          if (wait <= 0) send(next)
          else timer.current = setTimeout(() => send(next), wait)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && text !== '') apply('')
          else if (event.key === 'Enter' || event.key === 'ArrowDown' || event.key === 'Escape') {
            if (event.key === 'Enter') send(text)
            console.commands.run('table.focus')
          } else return
          event.preventDefault()
          event.stopPropagation()
        }}
      />
      {text !== '' && (
        <button type="button" className={css.clear} aria-label="Clear the filter" onClick={() => apply('')}>
          <Icon name="close" />
        </button>
      )}
      {problem !== null && (
        <div className={css.error} id="filter-error" role="alert">
          <pre className={css.source}>
            {text}
            {'\n'}
            <span className={css.caret}>
              {' '.repeat(problem.at)}
              {'^'.repeat(problem.len)}
            </span>
          </pre>
          {error?.message}
        </div>
      )}
    </search>
  )
}

/** Where a syntax error stands, if that is what it is. */
function caret(error: ErrorBody, place: (at: number) => number): { at: number; len: number } | null {
  if (!isOfExpression(error.code)) return null
  const { at = 0, len = 1 } = (error.details ?? {}) as { at?: number; len?: number }
  return { at: Math.max(0, Math.min(place(at), 200)), len: Math.max(1, Math.min(len, 60)) }
}
