import { Button } from '../../ui/Button'
import { useConsole, useRoute } from '../../ui/console'
import { Denied, Empty, Failed, Skeleton } from '../../ui/State'
import type { Head } from '../../wire/list'
import css from './table.module.css'

/** What stands where rows would be: loading, empty, denied, failed. Never over rows. */
export function ListState({ head }: { head: Head }) {
  const console = useConsole()
  const { filter, namespaces, kind: id } = useRoute()
  if (head.total > 0) return null
  const kind = console.kind(id)
  const title = kind?.title ?? id
  const state = choose()
  return state === null ? null : <div className={css.state}>{state}</div>

  function choose() {
    if (head.error !== null) {
      if (head.error.code.startsWith('query_')) return null
      if (head.error.code === 'rbac_denied') return <Denied error={head.error} cluster={console.inView().join(', ')} />
      return <Failed error={head.error} tried={`showing ${title}`} onRetry={console.list.retry} />
    }
    if (!head.ready) return <Skeleton lines={9} />
    const unreachable = head.sources.find(({ state }) => state.is === 'unreachable' || state.is === 'stale')
    const denied = head.sources.find(({ state }) => state.is === 'denied')
    if (head.sources.some(({ state }) => state.is === 'loading' || state.is === 'connecting'))
      return <Skeleton lines={9} />
    if (denied?.state.is === 'denied') {
      return <Denied error={denied.state.error} cluster={denied.cluster} user={console.cluster(denied.cluster)?.user} />
    }
    if (unreachable !== undefined && 'error' in unreachable.state) {
      const tried = `listing ${title} of ${unreachable.cluster}; it is tried again by itself, up to every 30 s`
      return <Failed error={unreachable.state.error} tried={tried} onRetry={console.list.retry} />
    }
    const where = namespaces.length > 0 ? ` in ${namespaces.join(', ')}` : ''
    if (filter !== '') {
      return (
        <Empty title={`No ${title} match the filter${where}`}>
          <p>
            <code>{filter}</code>
          </p>
          <Button look="outlined" onClick={() => console.commands.run('filter.clear')}>
            Clear the filter
          </Button>
        </Empty>
      )
    }
    return (
      <Empty title={`No ${title}${where}`}>
        <p>
          {title} appear here the moment they are created, for instance with <code>kubectl apply -f FILE</code>.
        </p>
        {namespaces.length > 0 && (
          <Button look="outlined" onClick={() => console.navigation.go({ namespaces: [] })}>
            Show all namespaces
          </Button>
        )}
      </Empty>
    )
  }
}
