import { describe, expect, test } from 'vitest'
import { lacking, needsOf } from '../../ui/answers'
import type { ErrorBody, ObjectRef, Tap } from '../../wire/api'
import { podStanding, standing } from './standing'
import { FIRST, request } from './tapRequest'

const totals = { records: 9, kept: 9, packets: 90, bytes: 900, lost: 0, spooled: 0 }
const target = { namespace: 'shop', pod: 'a', state: 'capturing', totals }
const error: ErrorBody = { code: 'rbac_denied', message: 'no', request_id: '' }
const tap = (more: Partial<Tap> = {}) => ({ state: 'running' as const, totals, targets: [target], ...more })

describe('CAP-N-12a a tap that lost anything is never plain green', () => {
  test('without losses it is', () => {
    expect(standing(tap()).level).toBe(1)
    expect(podStanding(target).level).toBe(1)
  })
  test.each([
    ['packets', tap({ totals: { ...totals, lost: 1 } })],
    ['records, payload, parts of a stream', tap({ partial: true })],
    ['a pod that cannot be tapped', tap({ targets: [target, { ...target, error }] })],
  ])('%s', (_, lossy) => {
    expect(standing(lossy)).toMatchObject({ level: 3, shape: '▲' })
  })
  test('one whose capture is held says so', () => {
    expect(standing(tap({ paused: true })).word).toBe('capture held')
  })
  test('ended taps keep it', () => {
    expect(standing(tap({ state: 'ended', totals: { ...totals, lost: 2 } })).word).toBe('ended, with losses')
    expect(standing(tap({ state: 'ended', error })).level).toBe(4)
  })
  test('a stream that is opened again says since when', () => {
    const lost = { ...target, state: 'running', lost_ms: 1_700_000_000_000 }
    expect(podStanding(lost)).toMatchObject({ level: 3, word: expect.stringMatching(/^reconnecting since [\d:]+/) })
    const two = tap({ targets: [{ ...lost, lost_ms: 1_700_000_100_000 }, lost, target] })
    expect(standing(two)).toEqual(podStanding(lost))
  })
  test('of the pods too', () => {
    expect(podStanding({ ...target, totals: { ...totals, lost: 1 } }).level).toBe(3)
    expect(podStanding({ ...target, error })).toMatchObject({ level: 4, word: 'failed' })
    const never = { ...target, totals: { ...totals, packets: 0, records: 0 } }
    expect(podStanding({ ...never, error })).toMatchObject({ level: 4, word: 'not tapped' })
  })
})

describe('CAP-N-33a the request of the dialog', () => {
  const objects: ObjectRef[] = [{ cluster: 'dev', kind: 'pods', namespace: 'shop', name: 'front-1' }]
  test('masks secrets and ends by itself unless told otherwise', () => {
    expect(request(objects, FIRST, [])).toMatchObject({
      cluster: 'dev',
      targets: objects,
      packets: 'masked',
      unredacted: false,
      seconds: 900,
      body: 4096,
      answers: { confirm: true },
    })
    expect(request(objects, { ...FIRST, seconds: null }, [])).not.toHaveProperty('seconds')
  })
  test('yes is said to a question that was shown, and to nothing else', () => {
    const open = { ...FIRST, unredacted: true }
    expect(request(objects, open, []).answers.confirm).toBe(false)
    expect(request(objects, { ...FIRST, packets: 'full' }, []).answers.confirm).toBe(false)
    expect(request(objects, open, [{ need: 'confirm' }]).answers.confirm).toBe(true)
    expect(needsOf(error)).toBeNull()
    expect(needsOf({ ...error, code: 'needs_unmet', details: {} })).toEqual([{ need: 'confirm' }])
  })
  test('what is typed must match', () => {
    const needs = [{ need: 'typed_name' as const, name: 'prod' }]
    expect(lacking(needs, { ...FIRST.answers, typed_name: 'pro' })).not.toBeNull()
    expect(lacking(needs, { ...FIRST.answers, typed_name: 'prod' })).toBeNull()
    expect(lacking([{ need: 'reason' }], FIRST.answers)).toContain('reason')
  })
})
