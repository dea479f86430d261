import { age } from '../lib/age'
import type { Condition } from '../lib/conditions'
import css from './conditions.module.css'

/** Conditions in the order of the object, each with how good it is and since when. */
export function Conditions({ of, now }: { of: readonly Condition[]; now: number }) {
  return of.map((state) => (
    <div key={state.type} className={css.condition}>
      <span className={state.good ? css.good : state.status === 'Unknown' ? css.unknown : css.bad}>
        <i>{state.good ? '●' : state.status === 'Unknown' ? '▲' : '■'}</i>
      </span>
      <span className={css.type}>{state.type}</span>
      <span className={css.status}>{state.status}</span>
      <span className={css.when}>{Number.isNaN(state.atMs) ? '' : age(now, state.atMs)}</span>
      {(state.reason || state.message) && (
        <span className={css.message}>
          {state.reason}
          {state.reason && state.message && ': '}
          {state.message}
        </span>
      )}
    </div>
  ))
}
