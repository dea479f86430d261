import { useLayoutEffect, useRef } from 'react'
import { Select } from '../../ui/Select'
import type { Act, Propagation } from '../../wire/api'
import css from './acts.module.css'

const PROPAGATION: ReadonlyArray<readonly [Propagation, string]> = [
  ['background', 'dependents afterwards'],
  ['foreground', 'dependents first'],
  ['orphan', 'leave dependents'],
]

/** A scale whose number of now is not read yet. */
export interface Unread {
  act: 'scale'
  replicas: null
}

/** What can be chosen about an act; each choice makes the plan again. */
export function Options({ act, onChange }: { act: Act | Unread; onChange: (act: Act) => void }) {
  if (act.act === 'restart') return null
  if (act.act === 'scale') return <Replicas replicas={act.replicas} onChange={onChange} />
  return (
    <div className={css.options}>
      <span className={css.option}>
        <label htmlFor="act-dependents">Dependents</label>
        <Select
          id="act-dependents"
          of={PROPAGATION}
          value={act.propagation ?? 'background'}
          choose={(propagation) => onChange({ ...act, propagation })}
        />
      </span>
      <label className={css.option}>
        Grace, seconds
        <input
          className={css.number}
          type="number"
          min={0}
          placeholder="own"
          value={act.grace_seconds ?? ''}
          onChange={(event) => {
            const next = event.target.valueAsNumber
            const { grace_seconds: _, ...rest } = act
            onChange(Number.isInteger(next) && next >= 0 ? { ...act, grace_seconds: next } : rest)
          }}
        />
      </label>
    </div>
  )
}

function Replicas({ replicas, onChange }: { replicas: number | null; onChange: (act: Act) => void }) {
  const input = useRef<HTMLInputElement>(null)
  const typed = useRef(false)
  // It has the first key; the number of now, once it is read, does not stand in the way of what is typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each number that is read is selected
  useLayoutEffect(() => {
    if (typed.current) return
    input.current?.focus()
    input.current?.select()
  }, [replicas])
  return (
    <label className={css.option}>
      Replicas
      <input
        ref={input}
        data-need
        className={css.number}
        type="number"
        min={0}
        max={100000}
        required
        value={replicas ?? ''}
        onFocus={(event) => event.target.select()}
        onChange={(event) => {
          typed.current = true
          const next = event.target.valueAsNumber
          if (Number.isInteger(next) && next >= 0) onChange({ act: 'scale', replicas: next })
        }}
      />
    </label>
  )
}
