import { Button } from '../../../ui/Button'
import { useConsole } from '../../../ui/console'
import { keyOf } from '../../../ui/Menu'
import type { Workspace } from '../../../wire/api'
import { culprit, hint } from './hints'
import { useLogs } from './useLogs'
import css from './waiting.module.css'

/** Why a workspace did not start, and what to do about it. */
export function Failure({ workspace }: { workspace: Workspace }) {
  const console = useConsole()
  const reason = culprit(workspace.conditions)
  return (
    <section className={css.failure} aria-label="Why it failed">
      <p className={css.reason}>
        <i>■</i> <code>{reason}</code>
      </p>
      <p>{workspace.error || workspace.message}</p>
      <p className={css.hint}>{hint(reason)}</p>
      {RAN.test(reason) && <LastLines workspace={workspace} />}
      <p className={css.buttons}>
        <Button look="outlined" onClick={() => console.commands.run('ws.logs')}>
          Logs <kbd>{keyOf('ws.logs')}</kbd>
        </Button>
        <Button look="outlined" onClick={() => console.commands.run('ws.events')}>
          Events <kbd>{keyOf('ws.events')}</kbd>
        </Button>
        <Button look="outlined" onClick={() => console.commands.run('ws.yaml')}>
          YAML
        </Button>
      </p>
    </section>
  )
}

/** Reasons of programs that were started, and so may have said something. */
const RAN = /^(CrashLoopBackOff|OOMKilled|PodFailed|AgentUnreachable)$/
const LINES = 12

/** What it said last. */
function LastLines({ workspace }: { workspace: Workspace }) {
  const { lines } = useLogs(workspace, false, 0, false, LINES)
  if (lines.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
    <section className={css.lines} aria-label="Its last lines" tabIndex={0}>
      {lines.join('\n')}
    </section>
  )
}
