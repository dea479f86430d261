import { age } from '../../../lib/age'
import type { Workspace } from '../../../wire/api'
import { standing } from '../standing'
import css from './overview.module.css'
import { Uses } from './Uses'

interface Props {
  workspace: Workspace
  now: number
}

/** Why it runs, or why it was stopped, in one place. */
export function Why({ workspace, now }: Props) {
  const { level, shape } = standing(workspace)
  const wanted = workspace.wanted === 'Running'
  const lines = [
    workspace.stop_reason,
    workspace.cause,
    workspace.stop_at_ms === null ? '' : `It will be stopped in ${age(workspace.stop_at_ms, now)} if nobody uses it.`,
  ]
  const { message, error: wrong } = workspace
  return (
    <section className={css.why} aria-label={wanted ? 'Why it runs' : 'Why it was stopped'}>
      <p>
        <span className={css[`level${level}`]}>
          <i>{shape}</i>
        </span>{' '}
        {sentence(message) || (wanted ? 'It is to run' : 'It is to stand still')}
      </p>
      {[...new Set(lines)]
        .filter((line) => line !== '')
        .map((line) => (
          <p key={line} className={css.because}>
            {line}
          </p>
        ))}
      <Uses workspace={workspace} />
      {wrong !== '' && wrong !== message && (
        <p className={css.wrong}>
          <i>■</i> {wrong}
        </p>
      )}
    </section>
  )
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
