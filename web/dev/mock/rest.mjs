// REST half of the development server.
import { error } from './data.mjs'
import { taprest } from './taps.mjs'
import { workspacerest } from './workspaces.mjs'

const plans = new Map()
const yaml = (o) => `apiVersion: v1
kind: ${o.kind === 'secrets' ? 'Secret' : 'Pod'}
metadata:
  name: ${o.name}
  namespace: ${o.namespace}
  labels:
    app: cart
    app.kubernetes.io/part-of: shop
  annotations:
    note: "مرحبا بالعالم <script>alert(1)</script>"
spec:
  nodeName: node-3
  containers:
  - name: main
    image: images.invalid/shop/cart:1.4.2
    ports:
    - containerPort: 8080
      name: http
    resources:
      limits:
        memory: 64Mi
`
const json = (o) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: o.name,
    namespace: o.namespace,
    uid: '6a9c1f3c-3f3e-4b0c-9a57-0c6e5bfa1d11',
    resourceVersion: '8812341',
    creationTimestamp: new Date(Date.now() - 3e8).toISOString(),
    labels: { app: 'cart', 'app.kubernetes.io/part-of': 'shop', 'pod-template-hash': '6dd8b94f4' },
    annotations: { note: 'مرحبا بالعالم <script>alert(1)</script>', 'kubernetes.io/config.seen': '2026-11-20' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-6dd8b94f4', apiVersion: 'apps/v1', controller: true }],
  },
  spec: {
    nodeName: 'node-3',
    serviceAccountName: 'cart',
    replicas: 3,
    containers: [
      {
        name: 'main',
        image: 'images.invalid/shop/cart:1.4.2',
        ports: [{ containerPort: 8080, name: 'http' }],
        resources: { limits: { memory: '64Mi', cpu: '500m' }, requests: { memory: '32Mi' } },
      },
      {
        name: 'proxy',
        image: 'images.invalid/shop/proxy-with-a-rather-long-image-name:2026.11.20-rc.1@sha256:abcdef',
        ports: [],
      },
    ],
  },
  status: {
    phase: 'Running',
    podIP: '10.244.1.7',
    qosClass: 'Burstable',
    conditions: [
      {
        type: 'Ready',
        status: 'False',
        reason: 'ContainersNotReady',
        message: 'containers with unready status: [main]',
        lastTransitionTime: new Date(Date.now() - 4e4).toISOString(),
      },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: new Date(Date.now() - 3e8).toISOString() },
      { type: 'Initialized', status: 'True', lastTransitionTime: new Date(Date.now() - 3e8).toISOString() },
    ],
    containerStatuses: [
      {
        name: 'main',
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
        lastState: {
          terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: new Date(Date.now() - 4e4).toISOString() },
        },
      },
      {
        name: 'proxy',
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: new Date(Date.now() - 3e8).toISOString() } },
      },
    ],
  },
})
function plan(req) {
  const prod = req.objects.some((o) => o.cluster === 'prod-eu')
  const id = `plan-${plans.size + 1}`
  const names = req.objects.length === 1 ? req.objects[0].name : `${req.objects.length}`
  const diff =
    req.act.act === 'scale'
      ? `--- before\n+++ after\n@@ -12,7 +12,7 @@\n spec:\n   progressDeadlineSeconds: 600\n-  replicas: 3\n+  replicas: ${req.act.replicas}\n   revisionHistoryLimit: 10\n`
      : req.act.act === 'restart'
        ? '--- before\n+++ after\n@@ -20,6 +20,8 @@\n   template:\n     metadata:\n+      annotations:\n+        kubectl.kubernetes.io/restartedAt: "2026-11-21T04:50:00Z"\n       labels:\n'
        : ''
  const body = {
    id,
    act: req.act,
    ready: true,
    expires_ms: Date.now() + 300e3,
    needs: prod && req.act.act === 'delete' ? [{ need: 'typed_name', name: names }] : [{ need: 'confirm' }],
    steps: req.objects.map((object) => ({
      object,
      decision: 'needs',
      reason: prod ? 'the cluster is marked production' : 'your kubeconfig allows it',
      diff,
      effects: req.act.act === 'delete' ? ['ReplicaSet cart-6dd8b94f4 makes a new pod in its place'] : [],
    })),
  }
  plans.set(id, body)
  return body
}
export function rest(method, url, body) {
  const path = url.pathname.replace('/api/v1', '')
  if (path === '/session')
    return [
      200,
      {
        user: 'ada',
        read_only: process.env.MOCK_READ_ONLY === '1',
        version: '0.1.0',
        ...(process.env.MOCK_PROBLEM
          ? {
              problem: error(
                'kubeconfig_missing',
                'no kubeconfig: ~/.kube/config does not exist and KUBECONFIG is not set',
              ),
            }
          : {}),
      },
    ]
  if (path.startsWith('/taps')) return taprest(method, path, body, url.searchParams)
  if (path.startsWith('/workspaces') || path.startsWith('/blueprints') || path.startsWith('/jobs'))
    return workspacerest(method, path, body)
  if (path === '/object') {
    const object = Object.fromEntries(url.searchParams)
    if (object.kind === 'services')
      return [
        403,
        error('rbac_denied', 'you may not get services in team-a', {
          verb: 'get',
          kind: 'services',
          namespace: object.namespace,
        }),
      ]
    return [
      200,
      {
        object,
        yaml: yaml(object),
        json: json(object),
        secret_keys:
          object.kind === 'secrets'
            ? [
                { key: 'tls.crt', bytes: 1834 },
                { key: 'tls.key', bytes: 241 },
              ]
            : [],
      },
    ]
  }
  if (path === '/plans' && method === 'POST') return [200, plan(body)]
  if (path.endsWith('/commit')) {
    const made = plans.get(path.split('/')[2])
    if (!made) return [404, error('plan_gone', 'the plan expired: make it again')]
    return [
      200,
      {
        plan: made.id,
        results: made.steps.map((s) => ({
          object: s.object,
          done: true,
          message: { delete: 'deleted', scale: `scaled to ${made.act.replicas}`, restart: 'restarted' }[made.act.act],
          decision: '019a-7f',
        })),
      },
    ]
  }
  if (path === '/secret/reveal')
    return [200, { value_base64: Buffer.from('hunter2-canary').toString('base64'), decision: '019a-80' }]
  return [404, error('not_found', 'no such path')]
}
