import { useRead } from '../../../ui/useRead'
import type { Workspace, WorkspaceUse } from '../../../wire/api'
import { readWhy } from '../../../wire/workspaces'
import css from './overview.module.css'
import { between, newest } from './uses'

/** By what it was used within the last day, as far as this server was told: what kept it running. */
export function Uses({ workspace }: { workspace: Workspace }) {
  const { cluster, namespace, name } = workspace
  const last = workspace.last_activity?.at_ms ?? null
  const { value } = useRead((signal) => readWhy({ cluster, namespace, name }, signal), [cluster, namespace, name, last])
  const uses: readonly WorkspaceUse[] = value?.uses ?? []
  if (value === null) return null
  return (
    <div className={css.because}>
      {value.idle !== '' && <p>{value.idle}</p>}
      {uses.length > 0 && (
        <ul className={css.uses} aria-label="Used within the last day">
          {newest(uses).map((one) => (
            <li key={`${one.door} ${one.from_ms}`}>
              <span>{one.door}</span> {between(one)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
