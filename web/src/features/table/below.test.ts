import { expect, test } from 'vitest'
import type { ObjectRef } from '../../wire/api'
import { below } from './below'

const object = (kind: string, namespace = 'shop', name = 'front'): ObjectRef => ({
  cluster: 'c',
  kind,
  namespace,
  name,
})
const route = (kind: string, cells: Record<string, string> = {}) =>
  below(object(kind), (column) => cells[column] ?? null)?.route

test('EX-92f what is below an object is chosen as its controller chooses it', () => {
  const pods = (filter: string) => ({ kind: 'pods', namespaces: ['shop'], filter })
  expect(route('deployments.apps', { selector: 'app=front,tier in (a,b)' })).toEqual(pods('-l app=front,tier in (a,b)'))
  expect(route('services', { selector: 'app=front' })).toEqual(pods('-l app=front'))
  expect(route('statefulsets.apps')).toEqual(pods('where owner = "StatefulSet/front"'))
  expect(route('jobs.batch')).toEqual(pods('where owner = "Job/front"'))
  expect(route('cronjobs.batch')).toEqual({ ...pods('where owner = "CronJob/front"'), kind: 'jobs.batch' })
  expect(below(object('nodes', '', 'n1'), () => null)?.route).toEqual({
    kind: 'pods',
    namespaces: [],
    filter: 'where node = "n1"',
  })
  expect(below(object('namespaces', '', 'shop'), () => null)?.route).toEqual(pods(''))
})

test('EX-92f nothing is below what chooses nothing, or has nothing', () => {
  expect(route('services')).toBeUndefined()
  expect(route('services', { selector: '<none>' })).toBeUndefined()
  expect(route('pods')).toBeUndefined()
  expect(route('configmaps')).toBeUndefined()
})
