import { expect, test } from 'vitest'
import { apps, gauges, listening } from './inside'

test('AC-81d what the daemon tells is read as far as it says it', () => {
  const told = {
    ports: [
      { port: 8443, loopback: true, process: 'code-server', app: 'code' },
      { port: 22, loopback: false, process: '' },
      { port: 0 },
    ],
  }
  expect(listening(told)).toEqual([
    { port: 22, loopback: false, name: '', process: '' },
    { port: 8443, loopback: true, name: 'code', process: 'code-server' },
  ])
  expect(listening(null)).toEqual([])
  const [code, db] = apps({
    apps: [
      { id: 'code', name: 'Editor', state: 'running', port: 8443, protocol: 'http', version: '4.1' },
      { id: 'db', state: 'failed', installed: true, port: 5432, protocol: 'tcp', ended: 'exit code 1' },
    ],
  })
  expect(code).toMatchObject({ name: 'Editor', level: 1, port: 8443, web: true, acts: ['restart', 'stop'] })
  expect(db?.acts).toEqual(['start'])
  expect(db).toMatchObject({ name: 'db', level: 4, web: false, ended: 'exit code 1' })
})

test('AC-81e what is used is said of what may be used, and alone where there is no limit', () => {
  const told = {
    cpu_millicores: 120,
    memory_bytes: 64 * 2 ** 20,
    memory_limit_bytes: 256 * 2 ** 20,
    mounts: [{ path: '/data', bytes: 100, bytes_free: 75 }, { path: '/b' }, { path: '/c' }, { path: '/d' }],
  }
  expect(gauges(told).slice(0, 3)).toEqual([
    { what: 'CPU', said: '120m', share: null },
    { what: 'Memory', said: '64Mi of 256Mi', share: 0.25 },
    { what: '/data', said: '25 of 100', share: 0.25 },
  ])
  expect(gauges(told).length).toBe(5)
  expect(gauges(null).map(({ said }) => said)).toEqual(['0m', '0'])
})
