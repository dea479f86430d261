import type { Workspaces as At } from '../../lib/route'
import type { WorkspaceParts } from '../../ui/workspaceParts'
import { ActDialog } from './ActDialog'
import { LaunchPage } from './launch/LaunchPage'
import { WorkspacePage } from './page/WorkspacePage'
import { WorkspaceList } from './WorkspaceList'

/** The section Workspaces: all of them, the page of one, or the form for a new one. */
export default function Workspaces({ at, parts }: { at: At; parts: WorkspaceParts }) {
  const { open } = at
  return (
    <>
      {open !== null ? (
        <WorkspacePage
          key={`${open.cluster}/${open.namespace}/${open.name}`}
          place={open}
          face={at.face}
          parts={parts}
        />
      ) : at.launch ? (
        <LaunchPage blueprint={at.blueprint} />
      ) : (
        <WorkspaceList />
      )}
      <ActDialog />
    </>
  )
}
