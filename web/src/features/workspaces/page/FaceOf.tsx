import { type Face, type Selected, WORKSPACE_KIND } from '../../../lib/route'
import { ObjectEvents } from '../../../ui/ObjectEvents'
import { Empty, Skeleton } from '../../../ui/State'
import { type Part, useLoaded } from '../../../ui/useLoaded'
import type { WorkspacePart, WorkspaceParts } from '../../../ui/workspaceParts'
import type { Workspace, WorkspaceEvent } from '../../../wire/api'
import { onTheWay } from '../standing'
import { Apps } from './Apps'
import { Logs } from './Logs'
import { Overview } from './Overview'
import { Waiting } from './Waiting'

interface Props {
  face: Face
  workspace: Workspace
  events: readonly WorkspaceEvent[]
  parts: WorkspaceParts
  place: Selected
}

/** One part of the page of a workspace. */
export function FaceOf({ face, workspace, events, parts, place }: Props) {
  const { cluster, namespace, name, phase } = workspace
  const running = phase === 'Running'
  if (face === 'events') {
    const claims = workspace.volumes.flatMap(({ claim }) => (claim === '' ? [] : [`persistentvolumeclaim/${claim}`]))
    const parts = [`pod/${workspace.canonical_id || name}`, ...claims]
    return <ObjectEvents object={{ cluster, namespace, name, kind: WORKSPACE_KIND }} kind="Workspace" parts={parts} />
  }
  if (face === 'logs') return <Logs workspace={workspace} />
  if (face === 'overview') {
    if (onTheWay(workspace)) return <Waiting workspace={workspace} events={events} />
    return <Overview workspace={workspace} />
  }
  if (!running) {
    return (
      <Empty title={`${name} does not run`}>
        <p>{workspace.stop_reason || workspace.message || 'It is there as soon as the workspace runs.'}</p>
      </Empty>
    )
  }
  if (face === 'apps') return <Apps workspace={workspace} />
  const part = face === 'terminal' || face === 'files' ? parts[face] : undefined
  return part === undefined ? null : <Fetched key={face} part={part} workspace={place} />
}

/** What another feature draws. */
function Fetched({ part, workspace }: WorkspacePart & { part: Part<WorkspacePart> }) {
  const There = useLoaded(part, true)
  return There === null ? <Skeleton lines={8} /> : <There workspace={workspace} />
}
