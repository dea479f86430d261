/** The cluster as its own client sees it: how a journey prepares objects and checks what really happened. */

import { execFileSync } from 'node:child_process'

const KUBECTL = process.env['KUBECTL'] ?? 'kubectl'

export function kubectl(args: string[], input?: string): string {
  const kubeconfig = process.env['QD_E2E_KUBECONFIG']
  if (kubeconfig === undefined) throw new Error('set QD_E2E_KUBECONFIG: `cargo xtask test e2e` does')
  return on(kubeconfig, args, input)
}

/** The same on the cluster of a kubeconfig. */
export function on(kubeconfig: string, args: string[], input?: string): string {
  return execFileSync(KUBECTL, ['--kubeconfig', kubeconfig, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    ...(input === undefined ? {} : { input }),
    stdio: ['pipe', 'pipe', 'inherit'],
  }).trim()
}

export function apply(objects: object[]): void {
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
}

/** A namespace of one test run with a few objects that need no node. */
export function scene(namespace: string): { remove(): void } {
  const meta = (name: string, more: object = {}) => ({ name, namespace, ...more })
  const pods = Array.from({ length: 6 }, (_, at) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(`boat-${at}`, {
      labels: { app: 'boat', number: String(at) },
      annotations: { note: '<img src=x onerror="document.title=1">' },
    }),
    // No node has this label: the pods stay pending and nothing runs.
    spec: {
      nodeSelector: { harbour: 'nowhere' },
      containers: [{ name: 'main', image: 'images.invalid/none:1' }],
      terminationGracePeriodSeconds: 0,
    },
  }))
  const template = {
    metadata: { labels: { app: 'crane' } },
    spec: { nodeSelector: { harbour: 'nowhere' }, containers: [{ name: 'main', image: 'images.invalid/none:1' }] },
  }
  apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
  serviceAccount(namespace)
  apply([
    ...pods,
    { apiVersion: 'v1', kind: 'Secret', metadata: meta('chest'), stringData: { coin: CANARY } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta('crane'),
      spec: { replicas: 1, selector: { matchLabels: { app: 'crane' } }, template },
    },
  ])
  return { remove: () => void kubectl(['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found']) }
}

/** Pods are refused until their namespace has its account, which the controllers make a moment later. */
function serviceAccount(namespace: string): void {
  kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', namespace, '--timeout=30s'])
}

export const CANARY = 'canary-9f3b71c2-never-on-screen'
