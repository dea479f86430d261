import { describe, expect, test } from 'vitest'
import type { TapEdge, TapEnd } from '../../../wire/api'
import { filterAround, filterOf, graphOf, levelOf, widthOf, withoutPort } from './graph'
import { middle, NODE, path, place, placeMore } from './layout'

const us = { p50: 1, p95: 9, p99: 9, max: 9 }
const edge = (source: string, destination: string, more: Partial<TapEdge> = {}): TapEdge => ({
  ...{ source, destination, protocol: 'http', count: 10, errors: 0, unanswered: 0, bytes: 100, us },
  ...more,
})
const pod = (name: string, workload: string): TapEnd => ({ name, kind: 'pod', workload, namespace: 'shop' })
const ends: TapEnd[] = [
  pod('shop/front-1', 'deployment/front'),
  pod('shop/front-2', 'deployment/front'),
  pod('shop/cart-1', 'deployment/cart'),
  { name: 'data/redis', kind: 'service', namespace: 'data' },
]
const map = (...edges: TapEdge[]) => ({ from: 0, to: 2_000_000, edges, ends })
const three = map(
  edge('shop/front-1', 'shop/cart-1:80'),
  edge('shop/front-2', 'shop/cart-1:80', { count: 30, errors: 2, us: { ...us, p95: 40 } }),
  edge('shop/cart-1', 'data/redis:6379', { protocol: 'redis' }),
)

describe('CAP-N-16b what is drawn', () => {
  test('pods of a workload are one, with what all of them ask', () => {
    const { nodes, links } = graphOf(three, 'workloads')
    expect(nodes.map(({ kind, title }) => [kind, title])).toEqual([
      ['service', 'redis'],
      ['workload', 'cart'],
      ['workload', 'front'],
    ])
    const [, front] = links
    expect(front).toMatchObject({ count: 40, errors: 2, perSecond: 20, p95: 40 })
    expect(front && filterOf(front)).toBe(
      'where source in ("shop/front-1", "shop/front-2") and destination = "shop/cart-1:80"',
    )
    expect(filterAround('workload shop/deployment/cart', links)).toBe(
      'where source = "shop/cart-1" or destination = "shop/cart-1:80"',
    )
    expect(graphOf(three, 'pods').nodes).toHaveLength(4)
  })
  test('what nobody answered is a line of its own', () => {
    const { links } = graphOf(map(edge('shop/front-1', '10.0.0.9:81', { count: 12, unanswered: 2 })), 'pods')
    expect(links.map(({ denied, count }) => [denied, count])).toEqual([
      [false, 10],
      [true, 2],
    ])
    const all = graphOf(map(edge('shop/front-1', '10.0.0.9:81', { count: 2, unanswered: 2 })), 'pods')
    expect(all.links.map(({ denied }) => denied)).toEqual([true])
    expect(all.nodes[0]).toMatchObject({ kind: 'external', title: '10.0.0.9', about: 'outside' })
  })
  test('what no service says is left to the table', () => {
    const { links, left } = graphOf(map(edge('fe80::1', 'ff02::2', { protocol: 'icmpv6' })), 'pods')
    expect([links.length, left]).toEqual([0, 1])
  })
  test('names lose their ports alone', () => {
    expect(['a:80', 'fd00::1', '[fd00::1]:80', '10.0.0.1:1'].map(withoutPort)).toEqual([
      'a',
      'fd00::1',
      'fd00::1',
      '10.0.0.1',
    ])
  })
  test('failures have a level, rates a width', () => {
    expect(levelOf({ denied: false, errors: 0, count: 9 })).toBe(0)
    expect(levelOf({ denied: false, errors: 1, count: 100 })).toBe(3)
    expect(levelOf({ denied: false, errors: 5, count: 100 })).toBe(4)
    expect(levelOf({ denied: true, errors: 0, count: 9 })).toBe(4)
    expect(widthOf(0)).toBeLessThan(widthOf(10))
    expect(widthOf(1e9)).toBe(6)
  })
})

describe('CAP-N-16c where it stands', () => {
  const { nodes, links } = graphOf(three, 'workloads')
  test('who asks stands left of whom he asks', () => {
    const placed = place(nodes, links)
    const x = (id: string) => placed.nodes.get(id)?.x ?? Number.NaN
    expect(x('workload shop/deployment/front') + NODE.width).toBeLessThan(x('workload shop/deployment/cart'))
    expect(x('workload shop/deployment/cart') + NODE.width).toBeLessThan(x('service data/redis'))
    expect(placed.untidy).toBe(false)
  })
  test('other counts in another order move nothing', () => {
    const again = graphOf(
      map(...three.edges.toReversed().map((one) => ({ ...one, count: one.count * 7 }))),
      'workloads',
    )
    expect(place(again.nodes, again.links)).toEqual(place(nodes, links))
  })
  test('what comes later finds a free place, and the others keep theirs', () => {
    const before = place(nodes, links)
    expect(placeMore(before, nodes, links)).toBe(before)
    const more = graphOf(
      { ...three, edges: [...three.edges, edge('10.0.0.7', 'shop/front-1:80'), edge('shop/front-1', 'x.example:443')] },
      'workloads',
    )
    const after = placeMore(before, more.nodes, more.links)
    for (const [id, at] of before.nodes) expect(after.nodes.get(id)).toEqual(at)
    expect(after.untidy).toBe(true)
    const all = [...after.nodes.values()]
    for (const [at, one] of all.entries()) {
      for (const other of all.slice(at + 1)) {
        const apart = Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height
        expect(apart, 'no two on one place').toBe(true)
      }
    }
    for (const link of more.links) expect(after.links.get(link.id)?.length).toBeGreaterThan(1)
  })
  test('a line goes through its points', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 10, y: 4 },
      { x: 20, y: 8 },
    ]
    expect(path(points)).toBe('M0 0C5 0 5 4 10 4C15 4 15 8 20 8')
    expect(middle(points)).toEqual({ x: 10, y: 4 })
  })
})
