import type { ReactNode } from 'react'
import type { ErrorBody } from '../wire/api'
import { Button } from './Button'
import { copy } from './clipboard'
import { useConsole } from './console'
import css from './state.module.css'

/** The designed states of a view that has no rows to show. */

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.state}>
      <h2 className={css.title}>{title}</h2>
      <div className={css.body}>{children}</div>
    </div>
  )
}

interface Denial {
  verb?: string
  kind?: string
  namespace?: string
  /** What whoever grants rights would run. */
  grant?: string
}

/** Says which right is missing and who could grant it. */
export function Denied({ error, cluster, user }: { error: ErrorBody; cluster: string; user?: string | undefined }) {
  const console = useConsole()
  const { verb = 'list', kind = 'these objects', namespace = '', grant = '' } = (error.details ?? {}) as Denial
  const where = namespace === '' ? 'on the whole cluster' : `in namespace ${namespace}`
  const role = namespace === '' ? 'ClusterRole' : 'Role'
  return (
    <div className={css.state} role="status">
      <h2 className={css.title}>
        <span className={css.warn} aria-hidden="true">
          ▲
        </span>{' '}
        Access denied
      </h2>
      <p className={css.body}>
        <b>{user || 'Your user'}</b> may not <code>{verb}</code> <code>{kind}</code> {where} of <b>{cluster}</b>.
      </p>
      <p className={css.body}>
        An administrator of the cluster can grant it with a {role} that has the verbs <code>get, list, watch</code> on{' '}
        <code>{kind}</code>, bound to you. A namespace in which you have the right still shows its rows: pick it above.
      </p>
      {grant !== '' && (
        <div className={css.grant}>
          <pre>{grant.replace(' && ', ' &&\n')}</pre>
          <Button bare icon="copy" onClick={() => copy(console, grant, 'the command')}>
            Copy the command
          </Button>
        </div>
      )}
      <p className={css.small}>
        {error.code}: {error.message}
      </p>
    </div>
  )
}

/** Stable code, what was tried, and Retry. */
export function Failed({
  error,
  tried,
  onRetry,
}: {
  error: ErrorBody
  tried: string
  onRetry?: (() => void) | undefined
}) {
  return (
    <div className={css.state} role="alert">
      <h2 className={css.title}>
        <span className={css.bad} aria-hidden="true">
          ■
        </span>{' '}
        {error.message}
      </h2>
      <p className={css.body}>Tried: {tried}.</p>
      <p className={css.small}>
        <code>{error.code}</code>
        {error.request_id !== '' && <> · request {error.request_id}</>}
      </p>
      {onRetry !== undefined && (
        <Button look="outlined" onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  )
}

/** Grey bars in the shape of what is coming. */
export function Skeleton({ lines }: { lines: number }) {
  return (
    <div className={css.skeleton} role="status" aria-label="loading">
      {Array.from({ length: lines }, (_, at) => at).map((at) => (
        <div key={at} className={css.line} />
      ))}
    </div>
  )
}
