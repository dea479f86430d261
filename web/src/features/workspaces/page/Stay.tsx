import { age } from '../../../lib/age'
import type { Selected } from '../../../lib/route'
import { clock } from '../../../lib/time'
import { Button } from '../../../ui/Button'
import { type Console, useConsole } from '../../../ui/console'
import { keyOf } from '../../../ui/Menu'
import { useNow } from '../../../ui/useNow'
import type { Workspace } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { keepWorkspace } from '../../../wire/workspaces'
import { fixed } from '../acts'
import css from '../workspaces.module.css'

/** So long before it is stopped is it said over whatever is looked at. */
const SOON_MS = 10 * 60_000
const KEPT_S = 2 * 3600

/** That it will be stopped soon, and the button against it. */
export function Stay({ workspace }: { workspace: Workspace }) {
  const console = useConsole()
  const now = useNow(console.socket.clock)
  const { stop_at_ms: stops, phase } = workspace
  if (stops === null || phase !== 'Running' || stops - now > SOON_MS) return null
  return (
    <p className={css.stay} role="status">
      ▲ Nobody uses it: it will be stopped {stops <= now ? 'in a moment' : `in ${age(stops, now)}`}.
      <span className={css.space} />
      <Button look="outlined" disabled={fixed(console) !== null} onClick={() => console.commands.run('ws.keep')}>
        Stay <kbd>{keyOf('ws.keep')}</kbd>
      </Button>
    </p>
  )
}

/** Keeps it for two hours; pressing the button is the yes that policy may ask for. */
export async function stay(console: Console, place: Selected): Promise<void> {
  const answers = { confirm: true, typed_name: '', reason: '' }
  try {
    const { until_ms } = await keepWorkspace(place, { seconds: KEPT_S, reason: 'asked in the console', answers })
    console.results.add(true, `${place.name} stays until ${clock(until_ms)}, used or not`)
  } catch (thrown) {
    const { message, code } = errorBody(thrown)
    console.results.add(false, `${place.name}: ${message} (${code})`)
  }
}
