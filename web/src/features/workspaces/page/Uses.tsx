import { useRead } from '../../../ui/useRead'
import type { Workspace, WorkspaceUse } from '../../../wire/api'
import { readWhy } from '../../../wire/workspaces'
import { Evidence } from './Evidence'
import css from './overview.module.css'
import { between, newest, took } from './uses'

/** By what it was used within the last day, as far as this server was told: what kept it running. */
export function Uses({ workspace }: { workspace: Workspace }) {
  const { cluster, namespace, name, phase } = workspace
  const last = workspace.last_activity?.at_ms ?? null
  const { value } = useRead(
    (signal) => readWhy({ cluster, namespace, name }, signal),
    [cluster, namespace, name, last, phase],
  )
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
              {one.detail !== '' && `: ${one.detail}`}
              {one.audit !== '' && <Evidence query={one.audit} of={`${one.door} ${between(one)}`} />}
            </li>
          ))}
        </ul>
      )}
      {value.cost !== null && <p>{took(value.cost)}</p>}
      <p>
        Who made, started and stopped it:
        <Evidence query={value.audit} actions={STATE} of="its state" />
      </p>
    </div>
  )
}

/** What makes a workspace run or stand still. */
const STATE = ['create', 'start', 'stop', 'wake', 'expire', 'keep', 'delete'].map((act) => `workspace:${act}`)
