/** A console with the operator in front of a namespace of its own: where journeys of workspaces begin. */

import { readdirSync, readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { type Bench, start } from './harness'
import { apply, kubectl } from './kubectl'

export const KIND = 'workspaces.quarterdeck.dev'
export const SHELL = 'images.invalid/shell:1'

/** A small home, of a blueprint. */
export const HOME = {
  home: {
    type: 'local',
    path: '/data',
    claimSpec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } },
  },
}

export interface Yard {
  bench: Bench
  /** The cluster, as the console calls it. */
  cluster: string
  namespace: string
  /** Another page, at the workspaces of the namespace; one of them has no grid to wait for. */
  open(search: string): Promise<Page>
  close(): Promise<void>
}

/** A workspace that asks for an image alone. */
export const workspace = (namespace: string, name: string, image = SHELL) => ({
  apiVersion: 'quarterdeck.dev/v1alpha1',
  kind: 'Workspace',
  metadata: { name, namespace },
  spec: { owner: 'ada', org: 'lab', image },
})

/** Starts the console, and makes the namespace and what is to be in it. */
export async function yard(what: string, ...objects: object[]): Promise<Yard> {
  const namespace = `journey-${what}-${process.pid}`
  const bench = await start({ args: ['--with-operator', '--yes'], quiet: true })
  const cluster = kubectl(['config', 'current-context'])
  kubectl(['wait', '--for=condition=Established', `crd/${KIND}`, '--timeout=30s'])
  apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
  if (objects.length > 0) apply(objects.map((object) => ({ ...object, ...placed(object, namespace) })))
  return {
    bench,
    cluster,
    namespace,
    async open(search) {
      const page = await bench.context.newPage()
      page.setDefaultTimeout(20_000)
      await page.goto(`${bench.origin}/?view=workspaces&ns=${namespace}${search}`)
      return page
    },
    async close() {
      kubectl(['delete', KIND, '--all', '-n', namespace, '--wait=false', '--ignore-not-found'])
      kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'])
      await bench.close()
    },
  }
}

const placed = (object: object, namespace: string) => ({
  metadata: { ...(object as { metadata: object }).metadata, namespace },
})

/** Waits until a workspace can be entered. */
export function ready(namespace: string, name: string): void {
  kubectl(['wait', '--for=condition=Ready', `${KIND}/${name}`, '-n', namespace, '--timeout=60s'])
}

/** A process of a workspace's pod whose command has this word, as this machine knows it: the node is this machine. */
export function inside(namespace: string, name: string, word = ''): string {
  const pod = kubectl(['get', `${KIND}/${name}`, '-n', namespace, '-o', 'jsonpath={.status.pod.name}'])
  const uid = kubectl(['get', 'pod', pod, '-n', namespace, '-o', 'jsonpath={.metadata.uid}'])
  const own = readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const group = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
      if (!group.includes(uid) && !group.includes(uid.replaceAll('-', '_'))) return false
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)
    } catch {
      return false // it has ended
    }
  })
  if (own === undefined) throw new Error(`the pod of ${name} has no process${word && ` ${word}`}`)
  return own
}
