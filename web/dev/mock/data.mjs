// Synthetic objects for looking at the console without a cluster.
const now = Date.now()
let seed = 42
export const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}
const pick = (list) => list[Math.floor(random() * list.length)]
const hex = (n) => Array.from({ length: n }, () => pick([...'bcdfghjklmnpqrstvwxz2456789'])).join('')
export const col = (id, title, type, width, more = {}) => ({
  id,
  title,
  type,
  wide: false,
  extra: false,
  absent: '',
  width,
  ...more,
})
const NAME = col('name', 'Name', 'text', 32)
const AGE = col('age', 'Age', 'age', 7, { absent: '<unknown>' })
const wide = { wide: true, absent: '<none>' }

export const COLUMNS = {
  pods: [
    NAME,
    col('ready', 'Ready', 'ratio', 6),
    col('status', 'Status', 'status', 20),
    col('restarts', 'Restarts', 'restarts', 12),
    AGE,
    col('ip', 'IP', 'text', 14, wide),
    col('node', 'Node', 'text', 16, wide),
    col('nominated_node', 'Nominated Node', 'text', 16, wide),
    col('readiness_gates', 'Readiness Gates', 'text', 15, wide),
    col('cpu', 'CPU', 'milli_cpu', 7, { extra: true }),
    col('memory', 'Memory', 'bytes', 8, { extra: true }),
    col('owner', 'Owner', 'text', 24, { extra: true, wide: true }),
  ],
  'deployments.apps': [
    NAME,
    col('ready', 'Ready', 'ratio', 7),
    col('up_to_date', 'Up-to-date', 'int', 10),
    col('available', 'Available', 'int', 9),
    AGE,
    col('images', 'Images', 'text', 30, wide),
  ],
  nodes: [
    NAME,
    col('status', 'Status', 'status', 18),
    col('roles', 'Roles', 'text', 14, { absent: '<none>' }),
    AGE,
    col('version', 'Version', 'text', 10),
  ],
  namespaces: [NAME, col('status', 'Status', 'status', 12), AGE],
  services: [
    NAME,
    col('type', 'Type', 'text', 12),
    col('cluster_ip', 'Cluster-IP', 'text', 15),
    col('external_ip', 'External-IP', 'text', 15, { absent: '<none>' }),
    col('ports', 'Port(s)', 'text', 20),
    AGE,
  ],
  secrets: [NAME, col('type', 'Type', 'text', 28), col('data', 'Data', 'int', 6), AGE],
  events: [
    col('last_seen', 'Last Seen', 'age', 9),
    col('type', 'Type', 'status', 9),
    col('reason', 'Reason', 'text', 18),
    col('object', 'Object', 'text', 34),
    col('message', 'Message', 'text', 60),
  ],
  'jobs.batch': [
    NAME,
    col('status', 'Status', 'status', 12),
    col('completions', 'Completions', 'ratio', 11),
    col('duration', 'Duration', 'span', 9),
    AGE,
  ],
}
const simple = (title) => [NAME, AGE, title][0] && [NAME, AGE]
const kind = (id, k, section, title, short, namespaced = true, acts = ['delete'], denied = []) => ({
  id,
  version: 'v1',
  kind: k,
  section,
  title,
  short_names: short,
  namespaced,
  acts,
  denied,
})
export const KINDS = [
  kind('nodes', 'Node', 'Cluster', 'Nodes', ['no'], false, []),
  kind('namespaces', 'Namespace', 'Cluster', 'Namespaces', ['ns'], false),
  kind('events', 'Event', 'Cluster', 'Events', ['ev'], true, []),
  kind(
    'customresourcedefinitions.apiextensions.k8s.io',
    'CustomResourceDefinition',
    'Cluster',
    'Custom Resource Definitions',
    ['crd'],
    false,
  ),
  kind('pods', 'Pod', 'Workloads', 'Pods', ['po']),
  kind('deployments.apps', 'Deployment', 'Workloads', 'Deployments', ['deploy'], true, ['delete', 'scale', 'restart']),
  kind('daemonsets.apps', 'DaemonSet', 'Workloads', 'Daemon Sets', ['ds'], true, ['delete', 'restart']),
  kind('statefulsets.apps', 'StatefulSet', 'Workloads', 'Stateful Sets', ['sts'], true, ['delete', 'scale', 'restart']),
  kind('replicasets.apps', 'ReplicaSet', 'Workloads', 'Replica Sets', ['rs'], true, ['delete', 'scale']),
  kind('jobs.batch', 'Job', 'Workloads', 'Jobs', []),
  kind('cronjobs.batch', 'CronJob', 'Workloads', 'Cron Jobs', ['cj']),
  kind('services', 'Service', 'Network', 'Services', ['svc']),
  kind('ingresses.networking.k8s.io', 'Ingress', 'Network', 'Ingresses', ['ing']),
  kind('networkpolicies.networking.k8s.io', 'NetworkPolicy', 'Network', 'Network Policies', ['netpol']),
  kind('configmaps', 'ConfigMap', 'Config', 'Config Maps', ['cm']),
  kind('secrets', 'Secret', 'Config', 'Secrets', [], true, ['delete', 'reveal']),
  kind('persistentvolumeclaims', 'PersistentVolumeClaim', 'Storage', 'Persistent Volume Claims', ['pvc']),
  kind('persistentvolumes', 'PersistentVolume', 'Storage', 'Persistent Volumes', ['pv'], false),
  kind('storageclasses.storage.k8s.io', 'StorageClass', 'Storage', 'Storage Classes', ['sc'], false),
  kind('serviceaccounts', 'ServiceAccount', 'Access', 'Service Accounts', ['sa']),
  kind('roles.rbac.authorization.k8s.io', 'Role', 'Access', 'Roles', [], true, ['delete'], ['list', 'watch']),
  kind('workspaces.quarterdeck.dev', 'Workspace', 'Workspaces', 'Workspaces', ['ws']),
  kind('clusterblueprints.quarterdeck.dev', 'ClusterBlueprint', 'Workspaces', 'ClusterBlueprints', ['cbp'], false),
  kind('boats.harbour.example', 'Boat', 'Custom', 'Boats', []),
]
const NS = [
  'team-a',
  'team-b',
  'shop',
  'kube-system',
  'monitoring',
  'default',
  'payments-and-very-long-namespace-name-indeed',
]
let key = 0
const age = () => now - Math.floor(random() ** 3 * 90 * 86400e3) - 2000
function pod() {
  const ns = pick(NS)
  const roll = random()
  const bad = roll < 0.03 ? pick(['CrashLoopBackOff', 'ImagePullBackOff', 'Error', 'OOMKilled']) : null
  const [text, level] = bad
    ? [bad, 4]
    : roll < 0.06
      ? pick([
          ['Pending', 3],
          ['ContainerCreating', 3],
          ['Terminating', 3],
        ])
      : roll < 0.1
        ? ['Completed', 0]
        : ['Running', 1]
  const name = `${pick(['cart', 'checkout', 'front', 'ledger', 'search', 'mail', 'recommendations-personalised-for-returning-visitors', 'inventory'])}-${hex(9)}-${hex(5)}`
  const restarts = bad ? Math.ceil(random() * 40) : random() < 0.1 ? 1 : 0
  return [
    ++key,
    0,
    ns,
    name,
    [
      name,
      [level === 1 ? 1 : 0, 1],
      [text, level],
      [restarts, restarts ? now - Math.floor(random() * 3600e3) : null],
      age(),
      `10.244.${Math.floor(random() * 99)}.${Math.floor(random() * 250)}`,
      `node-${Math.ceil(random() * 12)}`,
      null,
      null,
      level === 1 ? Math.floor(random() * 400) : null,
      level === 1 ? Math.floor(random() * 2e9) : null,
      `ReplicaSet/${name.slice(0, -6)}`,
    ],
  ]
}
const named = (name, ns, cells) => [++key, 0, ns, name, [name, ...cells]]
export function objects(kindId, pods) {
  switch (kindId) {
    case 'pods':
      return Array.from({ length: pods }, pod)
    case 'nodes':
      return Array.from({ length: 12 }, (_, i) =>
        named(`node-${i + 1}`, '', [
          i === 4 ? ['NotReady', 4] : ['Ready', 1],
          i ? null : 'control-plane',
          age(),
          'v1.34.4',
        ]),
      )
    case 'namespaces':
      return NS.map((n) => named(n, '', [['Active', 1], age()]))
    case 'deployments.apps':
      return Array.from({ length: 88 }, () =>
        named(`${pick(['cart', 'front', 'mail'])}-${hex(4)}`, pick(NS), [
          [3, 3],
          3,
          3,
          age(),
          'images.invalid/shop/cart:1.4.2',
        ]),
      )
    case 'services':
      return Array.from({ length: 40 }, () =>
        named(`${pick(['cart', 'front', 'mail'])}-${hex(4)}`, pick(NS), [
          'ClusterIP',
          '10.96.4.20',
          null,
          '80/TCP,443/TCP',
          age(),
        ]),
      )
    case 'secrets':
      return Array.from({ length: 5 }, () => named(`cert-${hex(4)}`, pick(NS), ['kubernetes.io/tls', 2, age()]))
    case 'events':
      return Array.from({ length: 60 }, () => [
        ++key,
        0,
        pick(NS),
        `cart.${hex(12)}`,
        [
          now - Math.floor(random() * 3e6),
          pick([
            ['Normal', 1],
            ['Warning', 3],
          ]),
          pick(['BackOff', 'Pulled', 'Scheduled', 'Unhealthy']),
          `pod/cart-${hex(5)}`,
          'Back-off restarting failed container main in pod cart-6dd8-b94f4_team-a(1f3c)',
        ],
      ])
    case 'jobs.batch':
      return []
    default:
      return KINDS.find((k) => k.id === kindId)?.id.includes('roles')
        ? []
        : Array.from({ length: 5 }, (_, i) =>
            named(`${kindId.split('.')[0]}-${i}`, KINDS.find((k) => k.id === kindId)?.namespaced ? pick(NS) : '', [
              age(),
            ]),
          )
  }
}
export const columns = (kindId) => COLUMNS[kindId] ?? simple(kindId)
export const error = (code, message, details) => ({ code, message, details, request_id: '019a0000-mock' })
export const CLUSTERS = [
  {
    name: 'dev',
    current: true,
    production: false,
    state: { is: 'live' },
    version: 'v1.34.4',
    user: 'ada',
    namespace: 'default',
    kinds: KINDS,
  },
  {
    name: 'prod-eu',
    current: false,
    production: true,
    state: { is: 'live' },
    version: 'v1.34.4',
    user: 'ada',
    namespace: 'team-a',
    kinds: KINDS,
  },
  {
    name: 'staging',
    current: false,
    production: false,
    state: {
      is: 'unreachable',
      error: error(
        'cluster_unreachable',
        'the API server of staging did not answer in 10 s: connection refused (127.0.0.1:7443)',
      ),
    },
    kinds: [],
  },
  {
    name: 'empty',
    current: false,
    production: false,
    state: { is: 'live' },
    version: 'v1.34.4',
    user: 'ada',
    kinds: KINDS,
  },
]
