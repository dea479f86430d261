import { expect, test } from 'vitest'
import { added, closed, named, restored, save } from './tabs'

const place = { cluster: 'c', namespace: 'n', name: 'w' }

function storage(text: string | null = null) {
  const kept = { text }
  const setItem = (_: string, value: string) => {
    kept.text = value
  }
  return { getItem: () => kept.text, setItem }
}

test('AC-82a the shells of a tab are there after a reload, the same one in front', () => {
  const kept = storage()
  let tabs = restored(place, kept)
  expect(tabs.tabs.map(({ shell }) => shell)).toEqual([''])
  tabs = named(tabs, tabs.active, 'sh-1')
  tabs = added(tabs)
  tabs = named(tabs, tabs.active, 'sh-2')
  tabs = added(tabs)
  save(place, tabs, kept)
  const again = restored(place, kept)
  expect(again.tabs.map(({ shell }) => shell)).toEqual(['sh-1', 'sh-2'])
  save(place, { ...again, active: again.tabs[1]?.key ?? 0 }, kept)
  const last = restored(place, kept)
  expect(last.tabs.find(({ key }) => key === last.active)?.shell).toBe('sh-2')
})

test('AC-82b a shell has one tab, and what is closed leaves its neighbour in front', () => {
  let tabs = restored(place, storage('{"shells":["sh-1","sh-2","sh-1",7,""],"at":9}'))
  expect(tabs.tabs.map(({ shell }) => shell)).toEqual(['sh-1', 'sh-2'])
  const [first, second] = tabs.tabs
  tabs = added(tabs, 'sh-2')
  expect([tabs.tabs.length, tabs.active]).toEqual([2, second?.key])
  tabs = closed(tabs, second?.key ?? 0)
  expect(tabs.active).toBe(first?.key)
  expect(closed(tabs, first?.key ?? 0)).toEqual({ tabs: [], active: 0 })
  expect(restored(place, storage('no json')).tabs.length).toBe(1)
})
