import { useEffect, useRef } from 'react'
import { WORKSPACE_KIND } from '../../../lib/route'
import { Button } from '../../../ui/Button'
import { useCommands } from '../../../ui/commands'
import { useConsole, useRoute, useStore } from '../../../ui/console'
import { Empty, Failed, Skeleton } from '../../../ui/State'
import { useNow } from '../../../ui/useNow'
import { useRead } from '../../../ui/useRead'
import type { Job } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { cancelJob, readJobs } from '../../../wire/workspaces'
import { fixed } from '../acts'
import { JobTable } from './JobTable'
import css from './jobs.module.css'

const MOST = 200
const REST_MS = 300

/** What was done to workspaces in the last 48 hours, and is being done: read anew when workspaces come or go. */
export function JobsPage() {
  const console = useConsole()
  const { navigation, socket } = console
  const { namespaces } = useRoute()
  const now = useNow(socket.clock)
  const counts = useStore(console.counts.kinds)
  const { value, error, again } = useRead(
    (signal) => readJobs({ limit: String(MOST) }, signal),
    [counts[WORKSPACE_KIND]],
    REST_MS,
  )
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => root.current?.focus({ preventScroll: true }), [])
  const leave = () => navigation.workspaces({ jobs: false })
  useCommands(console.commands, { 'jobs.leave': leave })
  const clusters = console.inView()
  const shown = (value?.jobs ?? []).filter(
    ({ cluster, namespace }) =>
      clusters.includes(cluster) && (namespaces.length === 0 || namespaces.includes(namespace)),
  )
  const back = async (job: Job) => {
    try {
      await cancelJob(job.id, { answers: { confirm: true, typed_name: '', reason: '' } })
      console.results.add(true, `${job.act} of ${job.name} is taken back`)
    } catch (thrown) {
      const { message, code } = errorBody(thrown)
      console.results.add(false, `${job.name}: ${message} (${code})`)
    }
    again()
  }
  return (
    <div ref={root} className={css.page} data-scope="jobs" data-page tabIndex={-1}>
      <header className={css.head}>
        <Button bare icon="back" onClick={leave}>
          All workspaces
        </Button>
        <h2 className={css.name}>What was done to workspaces</h2>
        <span className={css.space} />
        <Button onClick={again}>Look again</Button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key */}
      <section className={css.panel} aria-label="Jobs" tabIndex={0}>
        {body()}
      </section>
    </div>
  )

  function body() {
    if (error !== null) return <Failed error={error} tried="reading the jobs" onRetry={again} />
    if (value === null) return <Skeleton lines={8} />
    if (shown.length === 0) {
      return (
        <Empty title="Nothing was done in the last 48 hours">
          <p>What is launched, started, stopped and deleted here or over the API stands here, with how it went.</p>
        </Empty>
      )
    }
    return (
      <JobTable
        jobs={shown}
        now={now}
        of={({ cluster, namespace, name }) => (
          <Button
            onClick={() => navigation.workspaces({ open: { cluster, namespace, name }, face: 'overview', jobs: false })}
          >
            {namespace}/{name}
          </Button>
        )}
        end={(job) =>
          (job.state === 'queued' || job.state === 'running') && (job.act === 'create' || job.act === 'start') ? (
            <Button look="outlined" disabled={fixed(console) !== null} onClick={() => void back(job)}>
              Take back
              <span className="unseen">
                {' '}
                {job.act} of {job.name}
              </span>
            </Button>
          ) : null
        }
      />
    )
  }
}
