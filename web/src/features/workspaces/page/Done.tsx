import { useRead } from '../../../ui/useRead'
import type { Workspace } from '../../../wire/api'
import { readJobs } from '../../../wire/workspaces'
import { JobTable } from '../jobs/JobTable'
import { Part } from './Overview'
import css from './overview.module.css'

const NEWEST = 5

/** What was done to one workspace of late. */
export function Done({ workspace, now }: { workspace: Workspace; now: number }) {
  const { cluster, namespace, name, job, phase } = workspace
  const which = { cluster, namespace, name, limit: String(NEWEST) }
  const { value } = useRead((signal) => readJobs(which, signal), [cluster, namespace, name, job, phase])
  if (value === null) return null
  return (
    <Part title="What was done to it">
      {value.jobs.length === 0 ? (
        <p className={css.none}>Nothing in the last 48 hours, at these doors.</p>
      ) : (
        <JobTable jobs={value.jobs} now={now} />
      )}
    </Part>
  )
}
