import type { ErrorBody } from '../wire/api'
import css from './decision.module.css'

interface Props {
  error: ErrorBody
  /** Where it happened. */
  before?: string
  role?: 'alert'
}

/** An error in one line, with its code. */
export function Problem({ error, before = '', role }: Props) {
  return (
    <p className={css.problem} role={role}>
      ■ {before}
      {error.message} <code>{error.code}</code>
    </p>
  )
}
