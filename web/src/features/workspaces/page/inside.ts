/** What the daemon of a workspace tells of it; members that another version does not say are empty. */

import { display } from '../../../lib/cell'
import { items, text } from '../../../lib/json'
import type { AppAct } from '../../../wire/workspaces'

export interface Listening {
  port: number
  /** Only the workspace itself reaches it, and what goes through its daemon. */
  loopback: boolean
  /** The name that the blueprint gives it, or that of the app or program behind it. */
  name: string
  process: string
}

export interface App {
  id: string
  name: string
  state: string
  level: 0 | 1 | 2 | 3 | 4
  version: string
  port: number | null
  /** It can be opened in a browser. */
  web: boolean
  /** How it ended last. */
  ended: string
  /** What makes sense to do with it now. */
  acts: readonly AppAct[]
}

/** Something that a workspace uses a part of. */
export interface Gauge {
  what: string
  /** `120m of 500m` */
  said: string
  /** How much of it, from 0 to 1; null where it may use what there is. */
  share: number | null
}

const LEVELS: Readonly<Record<string, App['level']>> = {
  running: 1,
  installing: 2,
  starting: 2,
  stopping: 3,
  waiting: 3,
  failed: 4,
}

export function listening(told: unknown): Listening[] {
  return items(told, 'ports')
    .map((one) => ({
      port: Number(text(one, 'port')),
      loopback: one['loopback'] === true,
      name: text(one, 'name') || text(one, 'app'),
      process: text(one, 'process'),
    }))
    .filter(({ port }) => port > 0)
    .sort((a, b) => a.port - b.port)
}

export function apps(told: unknown): App[] {
  return items(told, 'apps').map((one) => {
    const state = text(one, 'state')
    const port = Number(text(one, 'port'))
    return {
      id: text(one, 'id'),
      name: text(one, 'name') || text(one, 'id'),
      state,
      level: LEVELS[state] ?? 0,
      version: text(one, 'version'),
      port: port > 0 ? port : null,
      web: port > 0 && !['tcp', 'udp'].includes(text(one, 'protocol')),
      ended: text(one, 'ended'),
      acts: actsOf(state, one['installed'] === true, one['installable'] === true),
    }
  })
}

function actsOf(state: string, installed: boolean, installable: boolean): AppAct[] {
  if (state === 'installing' || state === 'stopping') return []
  if (state === 'running' || state === 'starting') return ['restart', 'stop']
  // What is not there is installed with its first start, where the blueprint says how.
  if (installed || installable) return state === 'waiting' ? ['start', 'stop'] : ['start']
  return []
}

/** What the machine is used for: processors, memory, and each file system that people write to. */
export function gauges(told: unknown): Gauge[] {
  const number = (from: unknown, at: string) => Number(text(from, at)) || 0
  const gauge = (what: string, type: 'milli_cpu' | 'bytes', used: number, of: number): Gauge => {
    const [some, all] = [used, of].map((value) => display(value, type, 0))
    return of > 0
      ? { what, said: `${some} of ${all}`, share: Math.min(1, used / of) }
      : { what, said: `${some}`, share: null }
  }
  return [
    gauge('CPU', 'milli_cpu', number(told, 'cpu_millicores'), number(told, 'cpu_limit_millicores')),
    gauge('Memory', 'bytes', number(told, 'memory_bytes'), number(told, 'memory_limit_bytes')),
    ...items(told, 'mounts')
      .slice(0, MOST_MOUNTS)
      .map((one) =>
        gauge(text(one, 'path'), 'bytes', number(one, 'bytes') - number(one, 'bytes_free'), number(one, 'bytes')),
      ),
  ]
}

const MOST_MOUNTS = 3
