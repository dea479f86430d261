import { useEffect, useState } from 'react'
import { grouped } from '../../lib/text'
import { Button } from '../../ui/Button'
import { useConsole } from '../../ui/console'
import { keyOf } from '../../ui/Menu'
import { Empty, Failed, Skeleton } from '../../ui/State'
import { tapObstacle } from '../../ui/taps'
import { useRunningTaps } from '../../ui/useTaps'
import type { ErrorBody, ObjectRef, Tap } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { readTap } from '../../wire/taps'
import css from './traffic.module.css'

type State = { is: 'reading' } | { is: 'here'; taps: readonly Tap[] } | { is: 'failed'; error: ErrorBody }

/** The running taps that see this object. */
export function Traffic({ object }: { object: ObjectRef }) {
  const console = useConsole()
  const [attempt, setAttempt] = useState(0)
  const state = useTapsOf(object, attempt)
  if (state.is === 'reading') return <Skeleton lines={3} />
  if (state.is === 'failed') {
    return <Failed error={state.error} tried="reading the running taps" onRetry={() => setAttempt(attempt + 1)} />
  }
  const obstacle = tapObstacle(console, [object])
  const start = (
    <Button
      look="outlined"
      disabled={obstacle !== null}
      title={obstacle ?? undefined}
      onClick={() => console.tapping.set([object])}
    >
      Tap… <kbd>{keyOf('act.tap')}</kbd>
    </Button>
  )
  if (state.taps.length === 0) {
    return (
      <Empty title="Not tapped">
        <p>
          A tap shows what {object.name} says and hears while it does: requests, answers, names, connections. Secrets
          are masked before they leave the pod.
        </p>
        {obstacle !== null && <p>{obstacle}</p>}
        {start}
      </Empty>
    )
  }
  return (
    <div className={css.taps}>
      <ul>
        {state.taps.map((tap) => (
          <li key={tap.id} className={css.tap}>
            <span className={tap.totals.lost > 0 ? css.warn : css.good}>
              <i>{tap.totals.lost > 0 ? '▲' : '●'}</i> {tap.state}
            </span>
            <b>{tap.title}</b>
            <span className={css.number}>{grouped(tap.totals.records)} records</span>
            <Button
              look="outlined"
              onClick={() =>
                console.navigation.traffic({ tap: tap.id, record: null, chip: '' }, { filter: '', sort: [] })
              }
            >
              Show
            </Button>
          </li>
        ))}
      </ul>
      {start}
    </div>
  )
}

/** Of the running taps, those that see the object: it was asked for, or it is one of the pods. */
function useTapsOf({ cluster, kind, namespace, name }: ObjectRef, attempt: number): State {
  const running = useRunningTaps()
  const ids = running.map(({ id }) => id).join(' ')
  const [state, setState] = useState<State>({ is: 'reading' })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` is there to read again
  useEffect(() => {
    const abort = new AbortController()
    const all = ids === '' ? [] : ids.split(' ')
    Promise.all(all.map((id) => readTap(id, abort.signal))).then(
      (taps) => setState({ is: 'here', taps: taps.filter((tap) => sees(tap, { cluster, kind, namespace, name })) }),
      (error) => !abort.signal.aborted && setState({ is: 'failed', error: errorBody(error) }),
    )
    return () => abort.abort()
  }, [ids, cluster, kind, namespace, name, attempt])
  return state
}

export function sees(
  tap: Pick<Tap, 'cluster' | 'title' | 'targets'>,
  { cluster, kind, namespace, name }: ObjectRef,
): boolean {
  if (tap.cluster !== cluster) return false
  if (kind === 'pods' && tap.targets.some((target) => target.namespace === namespace && target.pod === name))
    return true
  const words = tap.title.split(/[\s,]+/)
  return words.some((word, at) => word === `${namespace}/${name}` && words[at - 1] === kind)
}
