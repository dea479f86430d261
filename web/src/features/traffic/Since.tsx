import { human } from '../../lib/age'
import { clock } from '../../lib/time'
import { useConsole } from '../../ui/console'
import { useNow } from '../../ui/useNow'
import type { Tap } from '../../wire/api'
import css from './traffic.module.css'

/** How long it runs or ran, and by whom. */
export function Since({ tap }: { tap: Tap }) {
  const { socket } = useConsole()
  const now = useNow(socket.clock)
  const end = tap.ended_ms ?? now
  return (
    <span
      className={css.since}
      title={`started ${clock(tap.started_ms)} by ${tap.by}${tap.ended_ms === undefined ? '' : `, ended ${clock(tap.ended_ms)}`}`}
    >
      {human(Math.max(0, Math.trunc((end - tap.started_ms) / 1000)))}
      {!tap.redacted && <span className={css.level3}> ▲ secrets in the clear</span>}
    </span>
  )
}
