import type { Selected } from '../../../lib/route'
import { Button } from '../../../ui/Button'
import { copy } from '../../../ui/clipboard'
import { useConsole, useStore } from '../../../ui/console'
import { keyOf } from '../../../ui/Menu'
import type { Workspace } from '../../../wire/api'
import { type Act, obstacle } from '../acts'
import { standing } from '../standing'
import css from '../workspaces.module.css'

const TITLES = { start: 'Start', stop: 'Stop…', delete: 'Delete…' } as const

interface Props {
  place: Selected
  workspace: Workspace | null
  /** What happens to it is told. */
  live: boolean
}

/** Which workspace it is, how it goes, and what can be done to it. */
export function PageHead({ place, workspace, live }: Props) {
  const console = useConsole()
  const link = useStore(console.socket.link)
  const state = workspace === null ? null : standing(workspace)
  const known = workspace === null ? [] : [{ ...place, phase: workspace.phase }]
  return (
    <header className={css.head}>
      <Button bare icon="back" onClick={() => console.commands.run('ws.close')}>
        All workspaces
      </Button>
      <span className={css[`level${state?.level ?? 0}`]}>
        <i>{state?.shape ?? '○'}</i> {state?.word ?? '…'}
      </span>
      <h2 className={css.name} title={place.name}>
        {place.name}
      </h2>
      <Button bare icon="copy" onClick={() => copy(console, place.name, place.name)}>
        Copy the name
      </Button>
      <span className={css.where}>
        {place.namespace} · {place.cluster}
      </span>
      {(!live || link.is !== 'live') && workspace !== null && (
        <span className={css.offline} title="What is shown is what was known before">
          ▲ not live
        </span>
      )}
      <span className={css.space} />
      {!console.session.get().read_only && (['start', 'stop', 'delete'] as const).map(button)}
    </header>
  )

  function button(act: Act) {
    const why = obstacle(console, act, known)
    // Of starting and stopping one makes sense at a time.
    const off = workspace !== null && ['Stopped', 'Stopping'].includes(workspace.phase)
    if ((act === 'start') !== off && act !== 'delete') return null
    return (
      <Button
        key={act}
        look={act === 'delete' ? 'danger' : act === 'start' ? 'primary' : 'outlined'}
        disabled={why !== null}
        title={why ?? `${TITLES[act]} (${keyOf(`ws.${act}`)})`}
        onClick={() => console.commands.run(`ws.${act}`)}
      >
        {TITLES[act]}
      </Button>
    )
  }
}
