import { hue, initials } from '../../lib/text'
import { Button } from '../../ui/Button'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { keyOf } from '../../ui/Menu'
import type { Cluster } from '../../wire/api'
import css from './rail.module.css'

const STATES: Readonly<Record<string, string>> = {
  live: 'live',
  connecting: 'connecting',
  loading: 'loading',
  stale: 'stale',
  unreachable: 'unreachable',
  denied: 'denied',
}

/** The clusters: initials on a colour from the name; the ring and its shape are the state. */
export function Rail() {
  const console = useConsole()
  const clusters = useStore(console.clusters.clusters) ?? []
  useRoute()
  const inView = console.inView()
  const choose = (cluster: Cluster, add: boolean) => {
    const next = add
      ? inView.includes(cluster.name)
        ? inView.filter((name) => name !== cluster.name)
        : [...inView, cluster.name]
      : [cluster.name]
    if (next.length > 0) console.navigation.go({ clusters: next, object: null })
  }
  return (
    <nav className={css.rail} aria-label="Clusters">
      <svg className={css.mark} viewBox="0 0 16 16" role="img" aria-label="Quarterdeck">
        <circle cx="8" cy="8" r="4.5" />
        <path d="M8 1v14M1 8h14M3 3l10 10M13 3L3 13" />
      </svg>
      {clusters.map((cluster) => (
        <button
          key={cluster.name}
          type="button"
          className={css.cluster}
          aria-pressed={inView.includes(cluster.name)}
          title={`${cluster.name}: ${describe(cluster)}\nCtrl-click adds it to the view`}
          aria-label={`${cluster.name}, ${describe(cluster)}`}
          onClick={(event) => choose(cluster, event.ctrlKey || event.metaKey)}
        >
          <span
            ref={(element) => element?.style.setProperty('--hue', String(hue(cluster.name)))}
            className={`${css.avatar} ${css[cluster.state.is] ?? ''} ${cluster.production ? css.production : ''}`}
            data-initials={initials(cluster.name)}
          />
        </button>
      ))}
      <Button bare icon="add" onClick={() => console.overlay.set({ is: 'kubeconfig' })}>
        {`Another kubeconfig (${keyOf('kubeconfig')})`}
      </Button>
    </nav>
  )
}

function describe(cluster: Cluster): string {
  const state = STATES[cluster.state.is] ?? cluster.state.is
  return `${state}${cluster.production ? ', production' : ''}${cluster.version ? `, ${cluster.version}` : ''}`
}
