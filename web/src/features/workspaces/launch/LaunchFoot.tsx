import { Button } from '../../../ui/Button'
import { useConsole } from '../../../ui/console'
import { keyOf } from '../../../ui/Menu'
import { Problem } from '../../../ui/Problem'
import type { ErrorBody } from '../../../wire/api'
import type { Draft } from './draft'
import css from './launch.module.css'

interface Props {
  /** What stands between it and its launch, or null. */
  missing: string | null
  refused: ErrorBody | null
  busy: boolean
  draft: Draft
  leave: () => void
}

export function LaunchFoot({ missing, refused, busy, draft, leave }: Props) {
  const console = useConsole()
  const { cluster, namespace, name } = draft
  return (
    <footer className={css.foot}>
      <div className={css.missing}>
        {refused !== null && <Problem error={refused} role="alert" />}
        {refused?.code === 'workspace_exists' && (
          <Button
            look="outlined"
            onClick={() => console.navigation.workspaces({ open: { cluster, namespace, name }, launch: false })}
          >
            Go to {name}
          </Button>
        )}
        {refused === null && <span role="status">{missing}</span>}
      </div>
      <Button look="outlined" onClick={leave}>
        Leave <kbd>{keyOf('launch.leave')}</kbd>
      </Button>
      <Button type="submit" look="primary" disabled={busy || missing !== null}>
        {busy ? 'Launching…' : 'Launch'} <kbd>{keyOf('launch.go')}</kbd>
      </Button>
    </footer>
  )
}
