/** Which shells of a workspace this browser tab has open: kept over a reload, and nowhere else. */

import type { Selected } from '../../lib/route'

export interface OpenTab {
  /** Of this page. */
  key: number
  /** The shell's id; empty until it has one. */
  shell: string
}

export interface Tabs {
  tabs: OpenTab[]
  active: number
}

let next = 1
const slot = ({ cluster, namespace, name }: Selected) => `qd.shells.${cluster}/${namespace}/${name}`

/** Those of before the reload, or one new shell. */
export function restored(place: Selected, storage: Pick<Storage, 'getItem'> = sessionStorage): Tabs {
  let shells: string[] = []
  let at = 0
  try {
    const saved = JSON.parse(storage.getItem(slot(place)) ?? '{}') as { shells?: unknown; at?: unknown }
    if (Array.isArray(saved.shells))
      shells = saved.shells.filter((one): one is string => typeof one === 'string' && one !== '')
    if (typeof saved.at === 'number') at = saved.at
  } catch {
    // What cannot be read is forgotten: the shells are in the list of the workspace.
  }
  const tabs = (shells.length > 0 ? [...new Set(shells)] : ['']).map((shell) => ({ key: next++, shell }))
  return { tabs, active: (tabs[at] ?? tabs[0])?.key ?? 0 }
}

export function save(
  place: Selected,
  { tabs, active }: Tabs,
  storage: Pick<Storage, 'setItem'> = sessionStorage,
): void {
  const named = tabs.filter(({ shell }) => shell !== '')
  const at = Math.max(
    0,
    named.findIndex(({ key }) => key === active),
  )
  try {
    storage.setItem(slot(place), JSON.stringify({ shells: named.map(({ shell }) => shell), at }))
  } catch {
    // A full storage costs the way back by itself, nothing else.
  }
}

export function added(before: Tabs, shell = ''): Tabs {
  const there = before.tabs.find((tab) => shell !== '' && tab.shell === shell)
  if (there !== undefined) return { ...before, active: there.key }
  const tab = { key: next++, shell }
  return { tabs: [...before.tabs, tab], active: tab.key }
}

/** Without this one; the one beside it comes to the front. */
export function closed(before: Tabs, key: number): Tabs {
  const at = before.tabs.findIndex((tab) => tab.key === key)
  const tabs = before.tabs.filter((tab) => tab.key !== key)
  if (before.active !== key) return { ...before, tabs }
  return { tabs, active: (tabs[at] ?? tabs[at - 1])?.key ?? 0 }
}

export function named(before: Tabs, key: number, shell: string): Tabs {
  return { ...before, tabs: before.tabs.map((tab) => (tab.key === key ? { ...tab, shell } : tab)) }
}
