import { useEffect, useState } from 'react'
import { isString, remember, remembered } from '../../../lib/remembered'
import { useConsole, useRoute } from '../../../ui/console'
import { Denied, Empty, Failed, Skeleton } from '../../../ui/State'
import { choices, type Draft, EMPTY } from './draft'
import { LaunchForm } from './LaunchForm'
import css from './launch.module.css'
import { useBlueprints } from './useBlueprints'

/** What was filled in is there again for whoever comes back. */
let kept: Draft | null = null

const DOTFILES = 'launch.dotfiles'

/** The form for a new workspace; what it would be made of stands beside it. */
export function LaunchPage({ blueprint }: { blueprint: string }) {
  const console = useConsole()
  const { namespaces } = useRoute()
  const [first = ''] = console.inView()
  const [draft, setDraft] = useState<Draft>(
    () =>
      kept ?? {
        ...EMPTY,
        cluster: first,
        namespace: namespaces[0] ?? 'default',
        blueprint,
        dotfiles: remembered(DOTFILES, '', isString),
      },
  )
  const cluster = draft.cluster === '' ? first : draft.cluster
  const { value: list, error, again } = useBlueprints(cluster, draft.namespace)
  useEffect(() => {
    kept = draft
  }, [draft])
  const change = (part: Partial<Draft>) => {
    setDraft((now) => ({ ...now, ...part }))
    if (part.blueprint !== undefined) console.navigation.workspaces({ blueprint: part.blueprint }, {}, false)
  }

  if (error !== null) {
    return (
      <div className={css.whole}>
        {error.code === 'rbac_denied' ? (
          <Denied error={error} cluster={cluster} user={console.cluster(cluster)?.user} />
        ) : (
          <Failed error={error} tried={`reading the blueprints of ${cluster}`} onRetry={again} />
        )}
      </div>
    )
  }
  if (list === null) return <Skeleton lines={10} />
  const all = choices(list.blueprints)
  if (all.length === 0) {
    return (
      <div className={css.whole}>
        <Empty title="There are no blueprints">
          <p>
            Workspaces are made from blueprints: objects of the kinds <code>ClusterBlueprint</code> and{' '}
            <code>Blueprint</code>. They appear here the moment they are applied.
          </p>
          {list.problems.map(({ message }) => (
            <p key={message}>■ {message}</p>
          ))}
        </Empty>
      </div>
    )
  }
  const wanted = [draft.blueprint, blueprint, list.default_blueprint].find((name) =>
    all.some((one) => one.name === name && name !== ''),
  )
  const chosen = all.find(({ name }) => name === wanted) ?? all[0]
  return chosen === undefined ? null : (
    <LaunchForm
      draft={{ ...draft, cluster, blueprint: chosen.name }}
      list={list}
      chosen={chosen}
      change={change}
      launched={() => {
        kept = null
        remember(DOTFILES, draft.dotfiles.trim())
      }}
    />
  )
}
