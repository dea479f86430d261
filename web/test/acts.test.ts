import { describe, expect, test } from 'vitest'
import { obstacle } from '../src/ui/acts'
import type { Console } from '../src/ui/console'
import type { Cluster, Kind, ObjectRef } from '../src/wire/api'

const kind = (more: Partial<Kind>): Kind => ({
  id: 'deployments.apps',
  version: 'v1',
  kind: 'Deployment',
  section: 'Workloads',
  title: 'Deployments',
  short_names: [],
  namespaced: true,
  acts: ['delete', 'scale', 'restart'],
  denied: [],
  ...more,
})

/** A console that shows one cluster with these rights. */
function withRights(own: Kind, places: string[][]): Console {
  const cluster: Cluster = {
    name: 'dev',
    current: true,
    production: false,
    state: { is: 'live' },
    kinds: [own],
    places,
  }
  return {
    session: { get: () => ({ read_only: false }) },
    cluster: (name: string) => (name === 'dev' ? cluster : undefined),
    socket: { link: { get: () => ({ is: 'live' }) } },
    list: { head: { get: () => ({ sources: [] }) } },
  } as unknown as Console
}

const object = (namespace: string, name = 'web'): ObjectRef => ({
  cluster: 'dev',
  kind: 'deployments.apps',
  namespace,
  name,
})

describe('EX-09a acts that rights forbid are shown with the reason', () => {
  const own = kind({ denied: ['delete', 'patch/scale'], only_in: { delete: 0 } })
  const console = withRights(own, [['shop', 'team-x']])

  test('an act is open where the right is there, and nowhere else', () => {
    expect(obstacle(console, own, 'delete', [object('shop')])).toBeNull()
    expect(obstacle(console, own, 'delete', [object('other')])).toBe(
      'you may not delete deployments.apps in namespace other of dev: ask for the right',
    )
    expect(obstacle(console, own, 'delete', [object('shop'), object('other')])).toContain('in namespace other')
    expect(obstacle(console, own, 'restart', [object('other')])).toBeNull()
  })

  test('the right to patch is not the right to scale', () => {
    expect(obstacle(console, own, 'scale', [object('shop')])).toBe(
      'you may not patch the scale of deployments.apps in namespace shop of dev: ask for the right',
    )
  })

  test('what is not known is not denied', () => {
    expect(obstacle(withRights(kind({}), []), own, 'delete', [object('other')])).toBeNull()
  })
})

describe('EXF-01d acts on rows of before', () => {
  test('say why they cannot be done', () => {
    const own = kind({})
    const console = withRights(own, [])
    const error = { code: 'cluster_unreachable', message: 'away', request_id: '' }
    const sources = [{ cluster: 'dev', state: { is: 'stale', since_ms: 1, error } }]
    const away = { ...console, list: { head: { get: () => ({ sources }) } } } as unknown as Console
    expect(obstacle(away, own, 'delete', [object('shop')])).toBe('dev: cluster_unreachable')
  })
})
