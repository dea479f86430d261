/** The conditions of an object's status. */

import { items, text } from './json'

export interface Condition {
  type: string
  good: boolean
  status: string
  reason: string
  message: string
  atMs: number
}

/** Conditions for which `False` is the good answer. */
const GOOD_WHEN_FALSE = /Pressure$|Unavailable$|^ReplicaFailure$|^Failed$|^Stalled$|^DisruptionTarget$|^Degraded$/

/** Whether this is what one hopes of an aspect. */
export function isGood(type: string, status: string): boolean {
  return (status === 'True') !== GOOD_WHEN_FALSE.test(type)
}

export function conditions(json: unknown): Condition[] {
  return items(json, 'status.conditions').map((item) => {
    const type = text(item, 'type')
    const status = text(item, 'status')
    return {
      type,
      status,
      good: isGood(type, status),
      reason: text(item, 'reason'),
      message: text(item, 'message'),
      atMs: Date.parse(text(item, 'lastTransitionTime')),
    }
  })
}
