/** The steps of a workspace on its way to run, from what is told of it. */

import type { WorkspaceEvent, WorkspaceRow } from '../../../wire/api'

export type StepIs = 'done' | 'now' | 'failed' | 'ahead'

export interface Step {
  stage: string
  is: StepIs
  /** Epoch milliseconds; null where nobody told. */
  fromMs: number | null
  toMs: number | null
  /** How long it took of late, in milliseconds. */
  expectedMs: number | null
  /** What is said of it now. */
  message: string
  reason: string
}

/** In their order; Running is the end. */
const ORDER = ['Queued', 'Resolving', 'Scheduling', 'Pulling', 'Initializing', 'Starting', 'Running'] as const
/** Said only where they take a while. */
const BRIEF: readonly string[] = ['Queued', 'Pulling', 'Initializing']

export interface Way {
  steps: readonly Step[]
  /** Never back, and 100 only when it runs. */
  percent: number | null
}

/** `events` are those of its way, oldest first; the row says where it is now. */
export function way(events: readonly WorkspaceEvent[], row: WorkspaceRow): Way {
  const told = events.filter(({ type }) => type === 'status')
  const begun = told.findLastIndex(({ stage }) => OVER.includes(stage))
  const since = told.slice(begun + 1)
  const first = new Map<string, WorkspaceEvent>()
  const last = new Map<string, WorkspaceEvent>()
  for (const event of since) {
    if (!first.has(event.stage)) first.set(event.stage, event)
    last.set(event.stage, event)
  }
  const failed = row.phase === 'Failed'
  const reached = failed ? lastOf(since) : place(row.stage)
  const steps = ORDER.flatMap((stage, at): Step[] => {
    const event = first.get(stage)
    const is: StepIs = at < reached ? 'done' : at > reached ? 'ahead' : failed ? 'failed' : row.ready ? 'done' : 'now'
    // What it passed in no time, and what it may never need, is no step of this way.
    if (event === undefined && BRIEF.includes(stage) && is !== 'now' && is !== 'failed') return []
    const next = since.find((other) => place(other.stage) > at && moment(other) >= moment(event))
    const here = is === 'now' || is === 'failed'
    const words = last.get(stage)
    return [
      {
        stage,
        is,
        fromMs: event === undefined ? (is === 'now' ? row.stage_since_ms : null) : moment(event),
        toMs: next === undefined ? null : moment(next),
        expectedMs: last.get(stage)?.expected_ms ?? null,
        message: is === 'failed' ? row.error || row.message : here ? row.message || (words?.message ?? '') : '',
        reason: is === 'failed' ? (told.findLast(({ stage: of }) => of === 'Failed')?.reason ?? '') : '',
      },
    ]
  })
  return { steps, percent: row.progress }
}

const OVER: readonly string[] = ['Stopped', 'Stopping', 'Terminating']

/** Ways of being at a step that have names of their own. */
const AS: Record<string, string> = { Waking: 'Queued', Restoring: 'Scheduling' }
const place = (stage: string): number => Math.max(0, (ORDER as readonly string[]).indexOf(AS[stage] ?? stage))

/** The furthest step before it failed. */
function lastOf(events: readonly WorkspaceEvent[]): number {
  const stages = events.filter(({ stage }) => stage !== 'Failed').map(({ stage }) => place(stage))
  // Nobody watched it fail: most do while they start.
  return stages.at(-1) ?? place('Starting')
}

const moment = (event: WorkspaceEvent | undefined): number =>
  event === undefined ? Number.NEGATIVE_INFINITY : Date.parse(event.timestamp)
