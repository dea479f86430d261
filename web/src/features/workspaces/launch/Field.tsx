import type { ReactNode } from 'react'
import css from './launch.module.css'

interface Props {
  id: string
  label: string
  hint?: string
  problems?: readonly string[]
  children: ReactNode
}

/** A control with its name, what is to know about it, and what is wrong with it. */
export function Field({ id, label, hint = '', problems = [], children }: Props) {
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id} title={label}>
        {label}
      </label>
      <div className={css.control}>
        {children}
        <div id={`${id}-said`}>
          {problems.map((problem) => (
            <p key={problem} className={css.problem} role="alert">
              ■ {problem}
            </p>
          ))}
          {hint !== '' && <p className={css.hint}>{hint}</p>}
        </div>
      </div>
    </div>
  )
}
