import { expect, test, vi } from 'vitest'
import { Tail, type TailState } from './tail'

const last = (tell: ReturnType<typeof vi.fn>) => tell.mock.calls.at(-1)?.[0] as TailState

test('CAP-60a what comes after following ended is counted, and forgotten when one follows again', () => {
  const tell = vi.fn()
  const tail = new Tail(tell)
  tail.heard(5)
  expect(tell).not.toHaveBeenCalled()
  tail.follow(true, 5)
  tail.heard(9)
  expect(last(tell)).toEqual({ following: true, frozen: false, behind: 0 })
  tail.follow(false, 9)
  tail.heard(12)
  expect(last(tell)).toEqual({ following: false, frozen: false, behind: 3 })
  tail.follow(true, 12)
  expect(last(tell).behind).toBe(0)
})

test('CAP-54a a frozen list shows what it had, and counts what came', () => {
  const tell = vi.fn()
  const tail = new Tail(tell)
  tail.follow(true, 100)
  tail.freeze(true, 100)
  tail.heard(130)
  expect(tail.total(130)).toBe(100)
  expect(last(tell)).toEqual({ following: false, frozen: true, behind: 30 })
  tail.follow(true, 130)
  expect(tail.total(130)).toBe(130)
  expect(last(tell)).toEqual({ following: true, frozen: false, behind: 0 })
})

test('CAP-60b the row that is read keeps its place when the oldest rows go', () => {
  const tail = new Tail(() => {})
  tail.follow(true, 100)
  tail.follow(false, 100)
  tail.seen(40, 41)
  expect(tail.shift((key) => key - 11)).toBe(-10)
  expect(tail.shift((key) => key - 11)).toBe(0)
  expect(tail.shift(() => -1)).toBe(0)
})

test('CAP-60c another, shorter list has nothing that is new', () => {
  const tell = vi.fn()
  const tail = new Tail(tell)
  tail.follow(true, 100)
  tail.follow(false, 100)
  tail.reset()
  tail.heard(7)
  expect(last(tell).behind).toBe(7)
  tail.heard(3)
  expect(last(tell).behind).toBe(3)
})
