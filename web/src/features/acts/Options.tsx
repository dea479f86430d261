import type { Act, Propagation } from '../../wire/api'
import css from './acts.module.css'

const PROPAGATION: ReadonlyArray<readonly [Propagation, string]> = [
  ['background', 'dependents afterwards'],
  ['foreground', 'dependents first'],
  ['orphan', 'leave dependents'],
]

/** What can be chosen about an act; each choice makes the plan again. */
export function Options({ act, onChange }: { act: Act; onChange: (act: Act) => void }) {
  if (act.act === 'restart') return null
  if (act.act === 'scale') {
    return (
      <label className={css.option}>
        Replicas
        <input
          data-need
          className={css.number}
          type="number"
          min={0}
          max={100000}
          required
          value={act.replicas}
          onFocus={(event) => event.target.select()}
          onChange={(event) => {
            const next = event.target.valueAsNumber
            if (Number.isInteger(next) && next >= 0) onChange({ act: 'scale', replicas: next })
          }}
        />
      </label>
    )
  }
  return (
    <div className={css.options}>
      <label className={css.option}>
        Dependents
        <select
          className={css.select}
          value={act.propagation ?? 'background'}
          onChange={(event) => {
            const chosen = PROPAGATION.find(([name]) => name === event.target.value)
            if (chosen !== undefined) onChange({ ...act, propagation: chosen[0] })
          }}
        >
          {PROPAGATION.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
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
