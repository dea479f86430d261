import { text } from '../../../lib/json'
import { Button } from '../../../ui/Button'
import { useRead } from '../../../ui/useRead'
import type { Workspace } from '../../../wire/api'
import { readInside } from '../../../wire/workspaces'
import { type Gauge, gauges } from './inside'
import css from './strip.module.css'

/** What it uses of what it may: read when its page is opened, and when somebody asks again. */
export function Strip({ workspace }: { workspace: Workspace }) {
  const { cluster, namespace, name, phase, ready, pod } = workspace
  const off = phase !== 'Running' || !ready
  const { value, error, busy, again } = useRead(
    off ? null : (signal) => readInside({ cluster, namespace, name }, 'sysinfo', signal),
    [cluster, namespace, name, pod?.uid],
  )
  if (off || (value === null && error === null)) return null
  return (
    <section className={css.strip} aria-label="What it uses" aria-busy={busy}>
      {error !== null && (
        <span className={css.full}>
          ▲ What it uses is not known: {error.message} <code>{error.code}</code>
        </span>
      )}
      {error === null && gauges(value).map((one) => <Share key={one.what} of={one} />)}
      {error === null && <span className={css.many}>{text(value, 'processes')} processes</span>}
      <span className={css.space} />
      <Button bare icon="reload" onClick={again}>
        Look again at what it uses
      </Button>
    </section>
  )
}

/** So much of something is nearly all of it. */
const FULL = 0.9

function Share({ of: { what, said, share } }: { of: Gauge }) {
  const full = share !== null && share >= FULL
  return (
    <span className={css.gauge}>
      <b title={what}>{what}</b>
      {share !== null && (
        <progress className={css.bar} max={1} value={share} data-full={full} aria-label={`${what} in use`} />
      )}
      <span className={full ? css.full : css.said}>
        {full && '▲ '}
        {said}
      </span>
    </span>
  )
}
