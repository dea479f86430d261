import { Button } from '../../ui/Button'
import { Choices } from '../../ui/Choices'
import { useConsole, useRoute } from '../../ui/console'
import { keyOf } from '../../ui/Menu'
import { fixed } from './acts'
import css from './workspaces.module.css'

const PHASES = ['Running', 'Provisioning', 'Stopped', 'Failed'] as const
const where = (phase: string) => (phase === '' ? '' : `where phase = "${phase}"`)
const CHIPS: ReadonlyArray<readonly [string, string]> = [
  ['', 'All'],
  ...PHASES.map((phase) => [where(phase), phase] as const),
]

/** Which are shown, and where a new one begins. */
export function ListTools() {
  const console = useConsole()
  const { filter } = useRoute()
  const why = fixed(console)
  return (
    <div className={css.tools}>
      <Choices
        legend="Phase"
        of={CHIPS}
        chosen={filter}
        choose={(next) => console.navigation.refine({ filter: next })}
      />
      <span className={css.space} />
      <Button
        icon="reload"
        title="Rows come by themselves; this asks for all of them anew"
        onClick={() => console.commands.run('ws.again')}
      >
        <span>Refresh</span> <kbd>{keyOf('ws.again')}</kbd>
      </Button>
      <Button onClick={() => console.commands.run('ws.jobs')}>
        <span>Jobs</span> <kbd>{keyOf('ws.jobs')}</kbd>
      </Button>
      <Button
        look="primary"
        icon="add"
        disabled={why !== null}
        title={why ?? undefined}
        onClick={() => console.commands.run('ws.launch')}
      >
        <span>Launch…</span> <kbd>{keyOf('ws.launch')}</kbd>
      </Button>
    </div>
  )
}
