import { human } from '../../../lib/age'
import { useConsole } from '../../../ui/console'
import { useNow } from '../../../ui/useNow'
import type { Workspace, WorkspaceEvent } from '../../../wire/api'
import { Failure } from './Failure'
import { type Step, way } from './stages'
import css from './waiting.module.css'

const SHAPES = { done: '●', now: '◆', failed: '■', ahead: '○' } as const
const WORDS = { done: 'done', now: 'running', failed: 'failed', ahead: 'to come' } as const

/** A workspace on its way up: its stages as they pass. It turns into the overview by itself once it runs. */
export function Waiting({ workspace, events }: { workspace: Workspace; events: readonly WorkspaceEvent[] }) {
  const { socket } = useConsole()
  const now = useNow(socket.clock)
  const { steps, percent } = way(events, workspace)
  const failed = workspace.phase === 'Failed'
  const warning = events.findLast(({ severity, type }) => type === 'event' && severity !== 'info')
  return (
    <div className={css.waiting}>
      <h3 className={css.title}>
        {failed ? `${workspace.name} did not start` : `${workspace.name} is being made`}
        <span className={css.percent}>{percent === null || failed ? '' : `${percent} %`}</span>
      </h3>
      <progress
        className={css.bar}
        max={100}
        value={percent ?? 0}
        aria-label={`How far ${workspace.name} is`}
        data-failed={failed}
      />
      <ol className={css.steps} aria-label="Stages">
        {steps.map((step) => (
          <li key={step.stage} className={css[step.is]} aria-current={step.is === 'now' ? 'step' : undefined}>
            <i>{SHAPES[step.is]}</i>
            <span className={css.stage}>
              {step.stage}
              <span className="unseen"> {WORDS[step.is]}</span>
            </span>
            <span className={css.took}>{took(step, now)}</span>
            {step.message !== '' && !failed && <p className={css.message}>{step.message}</p>}
          </li>
        ))}
      </ol>
      {!failed && warning !== undefined && (
        <p className={css.warning}>
          ▲ {warning.reason}: {warning.message}
        </p>
      )}
      {failed && <Failure workspace={workspace} />}
    </div>
  )
}

/** `3s`, and of a stage that runs what it took of late. */
function took({ is, fromMs, toMs, expectedMs }: Step, now: number): string {
  if (fromMs === null || is === 'ahead') return ''
  const end = is === 'now' ? now : toMs
  if (end === null) return ''
  const seconds = human(Math.max(0, Math.round((end - fromMs) / 1000)))
  const usual =
    is === 'now' && expectedMs !== null ? `, usually ${human(Math.max(1, Math.round(expectedMs / 1000)))}` : ''
  return `${seconds}${usual}`
}
