import { describe, expect, test } from 'vitest'
import { diffLines } from '../src/lib/diff'
import { favourites, toggleFavourite } from '../src/lib/favourites'
import { fuzzy } from '../src/lib/fuzzy'
import { parseGo } from '../src/lib/go'
import { chords, entryAfter, entryFor, KEYS } from '../src/lib/keys'
import { ALL_WORKSPACES, formatRoute, HOME, parseRoute, type Route, WORKSPACE_KIND } from '../src/lib/route'
import { elide, grouped, hue, initials, tsv } from '../src/lib/text'

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more }) as KeyboardEvent

describe('EX-81d the URL holds the view', () => {
  const routes: Route[] = [
    HOME,
    { ...HOME, clusters: ['arn:aws:eks:eu:1:cluster/a,b', 'dev'], namespaces: ['a', 'b'], kind: 'deployments.apps' },
    {
      ...HOME,
      filter: 'where name ~ "a, b%" and x > 1 & y=2#',
      sort: [
        { column: 'age', descending: true },
        { column: 'name', descending: false },
      ],
    },
    { ...HOME, object: { cluster: 'a/b c', namespace: '', name: 'node-1' }, tab: 'yaml' },
    { ...HOME, object: { cluster: 'dev', namespace: 'ns', name: 'system:node%2F' }, tab: 'events' },
    { ...HOME, kind: WORKSPACE_KIND, namespaces: ['lab'], filter: 'boat', workspaces: ALL_WORKSPACES },
    {
      ...HOME,
      kind: WORKSPACE_KIND,
      workspaces: { ...ALL_WORKSPACES, open: { cluster: 'a/b', namespace: 'lab', name: 'boat' }, face: 'logs' },
    },
    { ...HOME, kind: WORKSPACE_KIND, workspaces: { ...ALL_WORKSPACES, launch: true, blueprint: 'shell' } },
  ]
  test.each(routes)('%j comes back', (route) => expect(parseRoute(formatRoute(route))).toEqual(route))
  test('nonsense is harmless', () => {
    expect(parseRoute('?object=a&tab=zzz&sort=%')).toMatchObject({ object: null, tab: 'overview' })
  })
})

describe('EX-90b go', () => {
  const kinds = [
    { id: 'pods', kind: 'Pod', title: 'Pods', short_names: ['po'] },
    { id: 'deployments.apps', kind: 'Deployment', title: 'Deployments', short_names: ['deploy'] },
    { id: 'daemonsets.apps', kind: 'DaemonSet', title: 'Daemon Sets', short_names: ['ds'] },
    { id: 'namespaces', kind: 'Namespace', title: 'Namespaces', short_names: ['ns'] },
  ]
  test.each([
    [':po kube-system', { kind: 'pods', namespaces: ['kube-system'] }],
    [':deploy @prod /api', { kind: 'deployments.apps', clusters: ['prod'], filter: 'api' }],
    [':Deployment a,b', { kind: 'deployments.apps', namespaces: ['a', 'b'] }],
    [':ns', { kind: 'namespaces' }],
    ['pods all', { kind: 'pods', namespaces: [] }],
    [':dep', { kind: 'deployments.apps' }],
  ])('%s', (text, go) => expect(parseGo(text, kinds)).toEqual(go))
  test('says why it leads nowhere', () => {
    expect(parseGo(':d', kinds)).toContain('could be')
    expect(parseGo(':boat', kinds)).toContain('no cluster in view')
  })
})

describe('EX-92c EX-95a keys', () => {
  test('no key means two things in one scope', () => {
    for (const scope of ['anywhere', 'table', 'detail', 'plan']) {
      const keys = KEYS.filter((entry) => entry.scope === scope).flatMap((entry) => entry.keys)
      expect(new Set(keys).size, scope).toBe(keys.length)
    }
  })
  test('keys that browsers keep for themselves are not used', () => {
    const keys = KEYS.flatMap((entry) => entry.keys)
    for (const taken of ['Ctrl-t', 'Ctrl-n', 'Ctrl-w', 'Mod-t', 'Mod-n', 'Mod-w']) expect(keys).not.toContain(taken)
  })
  test.each([
    [press('j'), 'move.down'],
    [press('G', { shiftKey: true }), 'move.last'],
    [press('f', { ctrlKey: true }), 'move.pageDown'],
    [press(' ', { ctrlKey: true }), 'mark.range'],
    [press('k', { metaKey: true }), 'palette'],
    [press('N', { shiftKey: true }), 'sort.name'],
    [press('?', { shiftKey: true }), 'help'],
    [press('F10', { shiftKey: true }), 'menu'],
    [press('d', { ctrlKey: true }), 'act.delete'],
  ])('%j', (event, id) => expect(entryFor(event, 'table', false)?.id).toBe(id))
  test('WX-12j two keys one after the other are one, where the table says so', () => {
    expect(entryAfter('g', press('s'))?.id).toBe('workspaces')
    expect(entryAfter('g', press('l'))?.id).toBe('launch')
    expect(entryAfter('g', press('s', { ctrlKey: true }))).toBeUndefined()
    expect(entryAfter('', press('s'))).toBeUndefined()
    expect(entryAfter('s', press('g'))).toBeUndefined()
    expect(entryFor(press('g'), 'table', false)?.id).toBe('move.first')
  })
  test('letters stay letters while typing', () => {
    expect(entryFor(press('j'), 'table', true)).toBeUndefined()
    expect(entryFor(press('k', { ctrlKey: true }), 'table', true)?.id).toBe('palette')
    expect(chords(press('Shift', { shiftKey: true }))).toEqual([])
  })
})

describe('EX-92e favourite namespaces', () => {
  test('nine are kept in the order in which they were chosen; a tenth is not taken', () => {
    for (const at of [1, 2, 3, 4, 5, 6, 7, 8, 9]) expect(toggleFavourite(`ns-${at}`)).toBe(true)
    expect(toggleFavourite('ns-10')).toBe(false)
    expect(favourites.get()).toHaveLength(9)
    expect(toggleFavourite('ns-1')).toBe(false)
    expect(favourites.get()[0]).toBe('ns-2')
    expect(toggleFavourite('ns-10')).toBe(true)
    expect(favourites.get()[8]).toBe('ns-10')
  })
})

describe('EXF-28e text on its way out', () => {
  test('copied cells start no formula', () => {
    expect(tsv(['=1+1', '-5', '@x', 'a\tb\n', '+x', '7'])).toBe("'=1+1\t-5\t'@x\ta b \t'+x\t7")
  })
  test('names lose their middle, never their ends', () => {
    expect(elide('cart-6dd8b94f4-gmwnj', 12)).toBe('cart-6d…mwnj')
    expect(elide('short', 12)).toBe('short')
    expect(elide('shop/front:8080', 12)).toBe('front:8080')
    expect(elide('shop/cart-6dd8b94f4-gmwnj', 12)).toBe('cart-6d…mwnj')
    expect([...elide('👩‍🚀👩‍🚀👩‍🚀👩‍🚀👩‍🚀', 6)].length).toBe(6)
  })
})

test('EX-84b fuzzy finds letters in order and prefers starts', () => {
  expect(fuzzy('dpl', 'Deployments')).toBeGreaterThan(0)
  expect(fuzzy('xyz', 'Deployments')).toBe(0)
  expect(fuzzy('pod', 'Pods')).toBeGreaterThan(fuzzy('pod', 'Tripod mounts'))
})

test('EX-80c clusters have initials and a colour that stay', () => {
  expect(initials('prod-eu')).toBe('PE')
  expect(initials('arn:aws:eks:eu:1:cluster/shop')).toBe('SH')
  expect(hue('prod-eu')).toBe(hue('prod-eu'))
  expect(grouped(150000)).toBe('150,000')
  expect(grouped(12)).toBe('12')
})

test('EXD-13 a diff keeps its signs', () => {
  const lines = diffLines('--- a\n+++ b\n@@ -1 +1 @@\n spec:\n-  replicas: 3\n+  replicas: 5\n')
  expect(lines.map((line) => line.kind)).toEqual(['hunk', 'same', 'removed', 'added'])
  expect(lines[3]?.text).toBe('  replicas: 5')
})
