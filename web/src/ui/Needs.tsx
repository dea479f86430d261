import type { Answers, Need } from '../wire/api'
import css from './decision.module.css'

interface Props {
  needs: readonly Need[]
  answers: Answers
  change: (answers: Answers) => void
  /** Said where a yes is all that is wanted. */
  confirm?: string
}

/** What the policy wants to be answered before it is done. */
export function Needs({ needs, answers, change, confirm }: Props) {
  return needs.map((need) => {
    if (need.need === 'confirm') {
      if (confirm === undefined) return null
      return (
        <p key={need.need} className={css.confirm} role="alert">
          ◆ {confirm}
        </p>
      )
    }
    const typed = need.need === 'typed_name'
    return (
      <label key={need.need} className={css.need}>
        {typed ? (
          <span>
            Type <code>{need.name}</code> to confirm
          </span>
        ) : (
          'Reason, kept in the journal'
        )}
        <input
          data-need
          className={css.input}
          value={typed ? answers.typed_name : answers.reason}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) =>
            change(typed ? { ...answers, typed_name: event.target.value } : { ...answers, reason: event.target.value })
          }
        />
      </label>
    )
  })
}
