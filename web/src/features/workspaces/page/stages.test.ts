import { describe, expect, test } from 'vitest'
import type { WorkspaceEvent, WorkspaceRow } from '../../../wire/api'
import { onTheWay, standing } from '../standing'
import { way } from './stages'

let next = 0
const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`
const status = (stage: string, second: number, more: Partial<WorkspaceEvent> = {}): WorkspaceEvent => ({
  id: String(next++),
  type: 'status',
  timestamp: at(second),
  object_name: 'workspace/boat',
  status: stage,
  message: '',
  stage,
  reason: '',
  severity: 'info',
  progress: null,
  expected_ms: null,
  ...more,
})
const row = (more: Partial<WorkspaceRow>): WorkspaceRow =>
  ({
    phase: 'Provisioning',
    stage: 'Starting',
    ready: false,
    error: '',
    message: '',
    progress: 75,
    ...more,
  }) as WorkspaceRow
const shapes = (events: WorkspaceEvent[], of: WorkspaceRow) =>
  way(events, of).steps.map(({ stage, is }) => `${stage} ${is}`)

describe('WL-02p the stages of the waiting page', () => {
  test('those before are done with how long they took, one runs, the rest is to come', () => {
    const events = [status('Resolving', 0), status('Scheduling', 1), status('Starting', 4, { expected_ms: 2500 })]
    const found = way(events, row({ message: 'main starts' }))
    expect(found.steps.map(({ stage, is }) => `${stage} ${is}`)).toEqual([
      'Resolving done',
      'Scheduling done',
      'Starting now',
      'Running ahead',
    ])
    const [, scheduling, starting] = found.steps
    expect((scheduling?.toMs ?? 0) - (scheduling?.fromMs ?? 0)).toBe(3000)
    expect(starting).toMatchObject({ toMs: null, expectedMs: 2500, message: 'main starts' })
  })

  test('a failure marks the stage in which it happened', () => {
    const events = [status('Scheduling', 1), status('Pulling', 9), status('Failed', 12, { reason: 'ErrImagePull' })]
    const failed = row({ phase: 'Failed', stage: 'Failed', error: 'no such image' })
    expect(shapes(events, failed)).toEqual([
      'Resolving done',
      'Scheduling done',
      'Pulling failed',
      'Starting ahead',
      'Running ahead',
    ])
    const step = way(events, failed).steps.find(({ is }) => is === 'failed')
    expect(step).toMatchObject({ message: 'no such image', reason: 'ErrImagePull' })
  })

  test('what happened before it was stopped is none of this way', () => {
    const events = [status('Running', 1), status('Stopped', 5), status('Scheduling', 9)]
    const found = way(events, row({ stage: 'Scheduling' }))
    expect(found.steps.find(({ stage }) => stage === 'Running')).toMatchObject({ is: 'ahead', fromMs: null })
  })

  test('without a word of the past the row alone says where it is', () => {
    expect(shapes([], row({ stage: 'Initializing' }))).toContain('Initializing now')
    expect(shapes([], row({ stage: '', phase: 'Pending' }))).toContain('Queued now')
  })
})

describe('WL-02q a workspace in a word', () => {
  test('on the way the stage says more than the phase; running is green only when it can be entered', () => {
    expect(standing({ phase: 'Provisioning', stage: 'Pulling', ready: false })).toMatchObject({
      level: 2,
      word: 'Pulling',
    })
    expect(standing({ phase: 'Running', stage: 'Running', ready: true })).toMatchObject({ level: 1, shape: '●' })
    expect(standing({ phase: 'Running', stage: 'Running', ready: false }).level).toBe(3)
    expect(standing({ phase: 'Stopped', stage: 'Stopped', ready: false })).toMatchObject({ level: 0, shape: '○' })
  })

  test('the waiting page is for what is to run and cannot be entered', () => {
    expect(onTheWay({ wanted: 'Running', phase: 'Provisioning', ready: false })).toBe(true)
    expect(onTheWay({ wanted: 'Running', phase: 'Failed', ready: false })).toBe(true)
    expect(onTheWay({ wanted: 'Running', phase: 'Running', ready: true })).toBe(false)
    expect(onTheWay({ wanted: 'Stopped', phase: 'Stopped', ready: false })).toBe(false)
  })
})
