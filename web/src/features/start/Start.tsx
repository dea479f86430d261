import { Button } from '../../ui/Button'
import type { ErrorBody } from '../../wire/api'
import { KubeconfigForm } from './KubeconfigForm'
import css from './start.module.css'

interface Props {
  error: ErrorBody
  onRetry: () => void
}

/** Before there is anything to show: no session, no kubeconfig, no server. */
export function Start({ error, onRetry }: Props) {
  return (
    <main className={css.start}>
      <h1 className={css.name}>Quarterdeck</h1>
      {content(error)}
      <p className={css.code}>
        {error.code}: {error.message}
      </p>
      <Button look="outlined" onClick={onRetry}>
        Try again
      </Button>
    </main>
  )
}

function content({ code }: ErrorBody) {
  if (code.startsWith('kubeconfig')) {
    return (
      <>
        <h2 className={css.title}>
          {code === 'kubeconfig_missing' ? 'No kubeconfig yet' : 'The kubeconfig cannot be read'}
        </h2>
        <p>A kubeconfig says where your clusters are and who you are. Quarterdeck reads it and never writes it.</p>
        <ul className={css.ways}>
          <li>
            put it at <code>~/.kube/config</code>, or
          </li>
          <li>
            set <code>KUBECONFIG</code> to its path, or
          </li>
          <li>
            start with <code>qd --kubeconfig FILE</code>, or
          </li>
          <li>choose one here, until the console ends:</li>
        </ul>
        <KubeconfigForm done={() => {}} />
      </>
    )
  }
  if (code === 'gateway_unreachable') {
    return (
      <>
        <h2 className={css.title}>The console’s server is not running</h2>
        <p>
          Start it again with <code>qd</code>; this page goes on where it was.
        </p>
      </>
    )
  }
  return (
    <>
      <h2 className={css.title}>This tab is not signed in</h2>
      <p>
        The console opens with a one-time link. Run <code>qd url</code> in a terminal for a new one and open it here.
      </p>
    </>
  )
}
