/** What the overview shows of an object, read from its (masked) JSON. */

import { items, type Json, pairs, text } from '../../lib/json'
import type { Kind } from '../../wire/api'

export interface Fact {
  title: string
  value: string
  /** A moment, drawn as an age. */
  timeMs?: number
}

export interface ContainerFacts {
  name: string
  image: string
  state: string
  level: 0 | 1 | 3 | 4
  restarts: number
  last: string
  ports: string
  limits: string
  requests: string
}

export function facts(json: unknown): Fact[] {
  const found: Fact[] = []
  const add = (title: string, path: string) => {
    const value = text(json, path)
    if (value !== '') found.push({ title, value })
  }
  const created = Date.parse(text(json, 'metadata.creationTimestamp'))
  if (!Number.isNaN(created))
    found.push({ title: 'Created', value: text(json, 'metadata.creationTimestamp'), timeMs: created })
  const deleted = Date.parse(text(json, 'metadata.deletionTimestamp'))
  if (!Number.isNaN(deleted))
    found.push({ title: 'Being deleted', value: text(json, 'metadata.deletionTimestamp'), timeMs: deleted })
  add('Namespace', 'metadata.namespace')
  for (const owner of items(json, 'metadata.ownerReferences')) {
    found.push({ title: 'Owner', value: `${text(owner, 'kind')}/${text(owner, 'name')}` })
  }
  add('Phase', 'status.phase')
  add('Node', 'spec.nodeName')
  add('Pod IP', 'status.podIP')
  add('QoS', 'status.qosClass')
  add('Service account', 'spec.serviceAccountName')
  const wanted = text(json, 'spec.replicas')
  if (wanted !== '') {
    const ready = text(json, 'status.readyReplicas') || '0'
    const updated = text(json, 'status.updatedReplicas')
    found.push({
      title: 'Replicas',
      value: `${ready} of ${wanted} ready${updated === '' ? '' : `, ${updated} up to date`}`,
    })
  }
  add('Strategy', 'spec.strategy.type')
  add('Schedule', 'spec.schedule')
  add('Type', 'type')
  add('Service type', 'spec.type')
  add('Cluster IP', 'spec.clusterIP')
  for (const port of items(json, 'spec.ports')) {
    found.push({
      title: 'Port',
      value: `${text(port, 'name')} ${text(port, 'port')} → ${text(port, 'targetPort')}`.trim(),
    })
  }
  add('Storage class', 'spec.storageClassName')
  add('Volume', 'spec.volumeName')
  add('Kubelet', 'status.nodeInfo.kubeletVersion')
  add('System', 'status.nodeInfo.osImage')
  const selector = pairs(json, 'spec.selector.matchLabels')
  if (selector.length > 0) found.push({ title: 'Selector', value: selector.map((pair) => pair.join('=')).join(', ') })
  add('UID', 'metadata.uid')
  return found
}

/** Containers of a pod, or of the pod template of a workload. */
export function containers(json: unknown): ContainerFacts[] {
  const places = ['spec.containers', 'spec.template.spec.containers', 'spec.jobTemplate.spec.template.spec.containers']
  const all = places.map((path) => items(json, path)).find((specs) => specs.length > 0) ?? []
  const statuses = items(json, 'status.containerStatuses')
  return all.map((spec) =>
    container(
      spec,
      statuses.find((status) => status['name'] === spec['name']),
    ),
  )
}

function container(spec: Json, status: Json | undefined): ContainerFacts {
  const waiting = text(status, 'state.waiting.reason')
  const ended = text(status, 'state.terminated.reason')
  const running = text(status, 'state.running.startedAt') !== ''
  const state = waiting || ended || (running ? 'Running' : '')
  const last = text(status, 'lastState.terminated.reason')
  const level =
    state === ''
      ? 0
      : running
        ? 1
        : waiting === 'ContainerCreating' || waiting === 'PodInitializing'
          ? 3
          : ended === 'Completed'
            ? 0
            : 4
  return {
    name: text(spec, 'name'),
    image: text(spec, 'image'),
    state,
    level,
    restarts: Number(text(status, 'restartCount') || 0),
    last: last === '' ? '' : `${last}, exit ${text(status, 'lastState.terminated.exitCode')}`,
    ports: items(spec, 'ports')
      .map((port) => `${text(port, 'containerPort')}${text(port, 'name') === '' ? '' : ` ${text(port, 'name')}`}`)
      .join(', '),
    limits: pairs(spec, 'resources.limits')
      .map((pair) => pair.join(' '))
      .join(', '),
    requests: pairs(spec, 'resources.requests')
      .map((pair) => pair.join(' '))
      .join(', '),
  }
}

/** The owner as a view of the console, if its kind is served. */
export function ownerOf(json: unknown, kinds: readonly Kind[]): { kind: string; name: string } | null {
  const owner = items(json, 'metadata.ownerReferences')[0]
  if (owner === undefined) return null
  const group = text(owner, 'apiVersion').split('/').slice(0, -1)[0]
  const kind = kinds.find(
    (known) => known.kind === owner['kind'] && known.id.split('.').slice(1).join('.') === (group ?? ''),
  )
  return kind === undefined ? null : { kind: kind.id, name: text(owner, 'name') }
}
