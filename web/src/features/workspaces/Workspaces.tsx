import type { Workspaces as At } from '../../lib/route'
import type { WorkspaceParts } from '../../ui/workspaceParts'
import { ActDialog } from './ActDialog'
import { JobsPage } from './jobs/JobsPage'
import { LaunchPage } from './launch/LaunchPage'
import { WorkspacePage } from './page/WorkspacePage'
import { WorkspaceList } from './WorkspaceList'

/** The section Workspaces: all of them, the page of one, the form for a new one, or what was done to them. */
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
      ) : at.jobs ? (
        <JobsPage />
      ) : (
        <WorkspaceList />
      )}
      <ActDialog />
    </>
  )
}
