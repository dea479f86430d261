import { isOfExpression } from '../../lib/expression'
import { Button } from '../../ui/Button'
import { useConsole, useRoute } from '../../ui/console'
import { Denied, Empty, Failed, Skeleton } from '../../ui/State'
import { isOver } from '../../ui/taps'
import type { Tap } from '../../wire/api'
import type { Head } from '../../wire/list'
import css from './traffic.module.css'

/** What stands where records would be. */
export function RecordState({ head, tap }: { head: Head; tap: Tap | null }) {
  const console = useConsole()
  const { filter, traffic } = useRoute()
  const state = choose()
  return state === null ? null : <div className={css.over}>{state}</div>

  function choose() {
    if (head.total > 0) return null
    const { error } = head
    if (error !== null) {
      if (isOfExpression(error.code)) return null
      if (error.code === 'rbac_denied') return <Denied error={error} cluster={tap?.cluster ?? ''} />
      return <Failed error={error} tried="listing the records of the tap" onRetry={console.traffic.retry} />
    }
    if (!head.ready || tap === null) return <Skeleton lines={9} />
    if (filter !== '' || traffic?.chip) {
      return (
        <Empty title="No record matches">
          <p>
            <code>{console.traffic.query.filter}</code>
          </p>
          <Button look="outlined" onClick={() => console.navigation.traffic({ chip: '' }, { filter: '' })}>
            Show all records
          </Button>
        </Empty>
      )
    }
    if (isOver(tap.state)) {
      return (
        <Empty title="It ended without a record">
          <p>{tap.error?.message ?? 'The pods said nothing that the capture filter let through.'}</p>
        </Empty>
      )
    }
    const failed = tap.targets.filter(({ error }) => error)
    if (failed.length > 0 && failed.length === tap.targets.length) {
      return (
        <Empty title="No pod can be tapped">
          {failed.slice(0, 5).map(({ pod, error }) => (
            <p key={pod}>
              <code>{pod}</code>: {error?.message} <code>{error?.code}</code>
            </p>
          ))}
        </Empty>
      )
    }
    const capturing = tap.targets.filter(({ state }) => state === 'capturing' || state === 'running').length
    return (
      <Empty title={capturing > 0 ? 'Listening' : 'Starting the capture'}>
        <p>
          {capturing > 0
            ? `${capturing} of ${tap.targets.length} pods are listened to. Whatever they say or hear appears here at once.`
            : tap.targets.length > 0
              ? 'The agents start in the pods; this takes a few seconds the first time.'
              : 'No pod matches yet; the first one that comes is tapped.'}
        </p>
      </Empty>
    )
  }
}
