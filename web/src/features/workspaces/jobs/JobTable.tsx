import type { ReactNode } from 'react'
import { age } from '../../../lib/age'
import { clock, day } from '../../../lib/time'
import type { Job, JobState } from '../../../wire/api'
import css from './jobs.module.css'

const SHAPES: Readonly<Record<JobState, string>> = {
  queued: '○',
  running: '◆',
  succeeded: '●',
  failed: '■',
  cancelled: '○',
}
const LEVELS: Readonly<Record<JobState, 0 | 1 | 2 | 4>> = {
  queued: 0,
  running: 2,
  succeeded: 1,
  failed: 4,
  cancelled: 0,
}

interface Props {
  jobs: readonly Job[]
  now: number
  /** The workspace of a job, where it is not known which that is. */
  of?: (job: Job) => ReactNode
  /** What can be done about one. */
  end?: (job: Job) => ReactNode
}

/** Jobs, each with how it went. */
export function JobTable({ jobs, now, of, end }: Props) {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th>What</th>
          {of !== undefined && <th>Workspace</th>}
          <th>State</th>
          <th>How it went</th>
          <th>By</th>
          <th>Begun</th>
          {end !== undefined && (
            <th>
              <span className="unseen">Take back</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id}>
            <td>{job.act}</td>
            {of !== undefined && <td>{of(job)}</td>}
            <td className={css[`level${LEVELS[job.state]}`]}>
              <i>{SHAPES[job.state]}</i> {job.state}
            </td>
            <td title={job.error?.message ?? job.message}>{job.error?.message ?? (job.message || job.stage)}</td>
            <td>{job.principal}</td>
            <td title={`${day(job.created_ms)} ${clock(job.created_ms)}`}>{age(now, job.created_ms)} ago</td>
            {end !== undefined && <td className={css.right}>{end(job)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
