/** How a workspace is, as a shape and a word; the levels are those of status cells. */

import { type Level, SHAPES } from '../../lib/cell'
import type { WorkspaceRow } from '../../wire/api'

export interface Standing {
  level: Level
  shape: string
  word: string
}

const LEVELS: Readonly<Record<string, Level>> = {
  Running: 1,
  Pending: 2,
  Provisioning: 2,
  Stopping: 3,
  Terminating: 3,
  Unknown: 3,
  Failed: 4,
}

/** On the way up the stage says more than the phase. */
export function standing({ phase, stage, ready }: Pick<WorkspaceRow, 'phase' | 'stage' | 'ready'>): Standing {
  const level = phase === 'Running' && !ready ? 3 : (LEVELS[phase] ?? 0)
  const word = level === 2 ? stage || phase : phase === 'Running' && !ready ? 'Running, not ready' : phase
  return { level, shape: SHAPES[level] || '○', word: word || 'Pending' }
}

/** It is on its way to run, or was until it failed. */
export function onTheWay({ wanted, phase, ready }: Pick<WorkspaceRow, 'wanted' | 'phase' | 'ready'>): boolean {
  if (wanted !== 'Running' || ready) return false
  return phase !== 'Terminating' && phase !== 'Unknown'
}
