import { Button } from '../../ui/Button'
import { useConsole, useRoute } from '../../ui/console'
import { keyOf } from '../../ui/Menu'
import { Denied, Empty, Failed, Skeleton } from '../../ui/State'
import type { Head } from '../../wire/list'
import { fixed } from './acts'
import css from './workspaces.module.css'

/** What stands where workspaces would be. */
export function ListState({ head }: { head: Head }) {
  const console = useConsole()
  const { filter, namespaces, kind } = useRoute()
  if (head.total > 0) return null
  const state = choose()
  return state === null ? null : <div className={css.over}>{state}</div>

  function choose() {
    const { error } = head
    const known = console.inView().map((name) => console.cluster(name))
    const served = known.some((cluster) => cluster?.kinds.some(({ id }) => id === kind))
    // A cluster has told its kinds, and these are none of them.
    if (!served && known.some((cluster) => (cluster?.kinds.length ?? 0) > 0)) return <NotInstalled />
    if (error !== null) {
      if (error.code.startsWith('query_')) return null
      if (error.code === 'kind_not_served') return <NotInstalled />
      if (error.code === 'rbac_denied') return <Denied error={error} cluster={console.inView().join(', ')} />
      return <Failed error={error} tried="listing the workspaces" onRetry={console.list.retry} />
    }
    const states = head.sources.map(({ state }) => state)
    const denied = head.sources.find(({ state }) => state.is === 'denied')
    if (!head.ready || states.some(({ is }) => is === 'loading' || is === 'connecting')) return <Skeleton lines={9} />
    if (denied?.state.is === 'denied')
      return <Denied error={denied.state.error} cluster={denied.cluster} user={console.cluster(denied.cluster)?.user} />
    const away = head.sources.find(({ state }) => state.is === 'unreachable' || state.is === 'stale')
    if (away !== undefined && 'error' in away.state)
      return (
        <Failed
          error={away.state.error}
          tried={`listing the workspaces of ${away.cluster}; it is tried again by itself`}
          onRetry={console.list.retry}
        />
      )
    if (filter !== '')
      return (
        <Empty title="No workspaces match the filter">
          <p>
            <code>{filter}</code>
          </p>
          <Button look="outlined" onClick={() => console.commands.run('filter.clear')}>
            Clear the filter
          </Button>
        </Empty>
      )
    const where = namespaces.length > 0 ? ` in ${namespaces.join(', ')}` : ''
    return (
      <Empty title={`No workspaces${where}`}>
        <p>
          A workspace is a place to work: a pod made from a blueprint, with a home that outlives it, a terminal, files
          and the apps that run in it. Stopping it keeps the home.
        </p>
        <p>
          Launch one here with <kbd>{keyOf('ws.launch')}</kbd>, in a terminal with{' '}
          <code>qd ws create NAME --blueprint shell</code>, or apply an object of the kind <code>Workspace</code>.
        </p>
        <Button
          look="primary"
          disabled={fixed(console) !== null}
          title={fixed(console) ?? undefined}
          onClick={() => console.commands.run('ws.launch')}
        >
          Launch a workspace
        </Button>
      </Empty>
    )
  }
}

/** The cluster does not know what a workspace is. */
function NotInstalled() {
  const console = useConsole()
  return (
    <Empty title={`Workspaces are not installed on ${console.inView().join(', ')}`}>
      <p>
        Their kinds (<code>workspaces.quarterdeck.dev</code> and four more) are missing, and no operator would keep
        them. A console that is started with the operator installs the kinds, says so, and keeps the workspaces while it
        runs:
      </p>
      <p>
        <code>qd console --with-operator</code>
      </p>
      <p>They appear here as soon as the cluster serves them.</p>
    </Empty>
  )
}
