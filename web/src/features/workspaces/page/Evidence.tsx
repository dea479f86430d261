import { useState } from 'react'
import { clock, day } from '../../../lib/time'
import { Problem } from '../../../ui/Problem'
import { useRead } from '../../../ui/useRead'
import { readAudit } from '../../../wire/audit'
import css from './overview.module.css'

interface Props {
  /** What of the journal: parameters of its query. */
  query: string
  /** Of these actions alone. */
  actions?: readonly string[]
  /** Of what, for who cannot see where it stands. */
  of: string
}

/** The entries of the journal that a line is taken from, once somebody asks for them. */
export function Evidence({ query, actions = ANY, of }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <>
      {' '}
      <button
        type="button"
        className={css.evidence}
        aria-expanded={open}
        aria-label={`Evidence of ${of}`}
        onClick={() => setOpen(!open)}
      >
        evidence
      </button>
      {open && <Entries query={query} actions={actions} />}
    </>
  )
}

function Entries({ query, actions }: { query: string; actions: readonly string[] }) {
  const { value, error } = useRead((signal) => readAudit(query, actions, signal), [query, actions])
  if (error !== null) return <Problem error={error} before="The journal is not read: " />
  if (value === null) return <p className={css.none}>Reading the journal…</p>
  if (value.length === 0) return <p className={css.none}>The journal of this server has no entry of it.</p>
  return (
    <ol className={css.entries} aria-label="Entries of the journal">
      {value.map((one) => (
        <li key={one.key}>
          <time>
            {day(one.at_ms)} {clock(one.at_ms)}
          </time>{' '}
          {one.who} {one.what}
        </li>
      ))}
    </ol>
  )
}

const ANY: readonly string[] = []
