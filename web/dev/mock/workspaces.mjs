// Workspaces of the development server: some in every state, a launch form, a way up that passes.
import { col, error } from './data.mjs'

const now = Date.now()
const minute = 60e3
const sets = (name, more) => ({
  cluster: 'dev',
  namespace: 'lab',
  name,
  uid: name,
  owner: 'ada',
  org: 'lab',
  blueprint: 'shell',
  image: 'images.invalid/shell:1',
  wanted: 'Running',
  phase: 'Running',
  stage: 'Running',
  stage_since_ms: now - 4 * minute,
  progress: 100,
  ready: true,
  message: 'it runs and is ready',
  error: '',
  stop_reason: '',
  node: 'node-3',
  created_ms: now - 3 * 86400e3,
  last_activity_ms: now - 3 * minute,
  idle_since_ms: null,
  stop_at_ms: now + 117 * minute,
  urls: [],
  ...more,
})
const stopped = { wanted: 'Stopped', phase: 'Stopped', stage: 'Stopped', ready: false, node: '', progress: null }
const ALL = [
  sets('boat', { blueprint: 'rust' }),
  sets('atelier-for-the-recommendations-of-returning-visitors', { blueprint: 'web', namespace: 'payments' }),
  sets('notebook', { ...stopped, message: 'it is stopped', stop_reason: 'nobody used it for 2h', stop_at_ms: null }),
  sets('idler', { idle_since_ms: now - 110 * minute, stop_at_ms: now + 8 * minute }),
  sets('anchor', {
    phase: 'Provisioning',
    stage: 'Pulling',
    progress: 50,
    ready: false,
    message: 'Pulling image "images.invalid/shell:1"',
    stage_since_ms: now - 9e3,
    created_ms: now - 14e3,
  }),
  sets('sunk', {
    phase: 'Failed',
    stage: 'Failed',
    progress: 50,
    ready: false,
    image: 'images.invalid/none:1',
    message: 'main: ErrImagePull',
    error: 'main: failed to pull and unpack image "images.invalid/none:1": not found',
    created_ms: now - 5 * minute,
  }),
]
const LEVELS = { Running: 1, Provisioning: 2, Failed: 4 }

export const COLUMNS = [
  col('name', 'Name', 'text', 32),
  col('owner', 'Owner', 'text', 16),
  col('blueprint', 'Blueprint', 'text', 16),
  col('phase', 'Phase', 'status', 16),
  col('ready', 'Ready', 'text', 8),
  col('idle', 'Idle', 'age', 8),
  col('age', 'Age', 'age', 7),
]
export const rows = () =>
  ALL.map((one, at) => [
    900_000 + at,
    0,
    one.namespace,
    one.name,
    [
      one.name,
      one.owner,
      one.blueprint,
      [one.phase, LEVELS[one.phase] ?? 0],
      one.ready ? 'True' : 'False',
      null,
      one.created_ms,
    ],
  ])

const may = (act, applies = true) => ({ act, decision: 'allow', reason: '', needs: [], applies })
const condition = (type, status, reason, message) => ({ type, status, reason, message, since_ms: now - 4 * minute })
function whole(one) {
  const failed = one.phase === 'Failed'
  return {
    ...one,
    canonical_id: one.name,
    route_id: one.name,
    generation: 3,
    observed_generation: 3,
    conditions: [
      condition('Accepted', 'True', 'AsExpected', 'accepted'),
      condition('BlueprintResolved', 'True', 'AsExpected', `composed from ${one.blueprint}`),
      condition('StorageReady', 'True', 'AsExpected', 'every claim is bound'),
      condition(
        'Ready',
        one.ready ? 'True' : 'False',
        failed ? 'ErrImagePull' : one.ready ? 'AsExpected' : one.stage,
        one.message,
      ),
      condition('Degraded', 'False', 'AsExpected', ''),
    ],
    volumes: [{ name: 'home', claim: `pvc-${one.name}-home`, type: 'local', size: '5Gi', used: '1.2Gi' }],
    ports: [
      { port: 8443, name: 'code', protocol: 'TCP' },
      { port: 5173, name: 'preview', protocol: 'TCP' },
    ],
    resources: { cpu: '2', memory: '4Gi', applied_cpu: '2', applied_memory: '4Gi' },
    pod: one.node ? { name: one.name, uid: 'x', ip: '10.244.1.7', started_ms: now - 4 * minute, restarts: 0 } : null,
    last_activity: { at_ms: now - 3 * minute, door: 'terminal', detail: 'ada typed in shell 1' },
    cause: 'started by ada (console)',
    service_dns: `${one.name}.${one.namespace}.svc.cluster.local`,
    agent_version: '0.1.0',
    update_available: '',
    job: '',
    layers: ['default', 'platform base', `platform ${one.blueprint}`, 'overrides'],
    acts: ['start', 'stop', 'delete', 'connect', 'files', 'apps', 'proxy', 'logs'].map((act) => may(act)),
    spec: { params: { CPU: '2' }, storage: { onDelete: 'Retain' } },
  }
}

const param = (name, type, more) => ({
  name,
  type,
  description: '',
  required: false,
  options: [],
  when: '',
  check: '',
  message: '',
  mutable: true,
  ...more,
})
const BASE = [
  param('CPU', 'size', { description: 'Cores, at most', default: '1', min: '250m', max: '4' }),
  param('MEMORY', 'size', { description: 'Memory, at most', default: '1Gi', min: '256Mi', max: '8Gi' }),
]
const blueprint = (name, description, more) => ({
  name,
  kind: 'ClusterBlueprint',
  abstract: false,
  description,
  chain: ['base', name],
  params: BASE,
  presets: [{ name: 'large', description: 'For builds', params: { CPU: '4', MEMORY: '8Gi' } }],
  valid: true,
  problems: [],
  ...more,
})
const BLUEPRINTS = [
  blueprint('shell', 'A plain shell'),
  blueprint('rust', 'A Rust toolchain', {
    params: [
      ...BASE,
      param('CHANNEL', 'enum', {
        description: 'Toolchain',
        default: 'stable',
        options: [
          { value: 'stable', description: '', when: '' },
          { value: 'nightly', description: 'changes each day', when: '' },
        ],
      }),
      param('MIRROR', 'string', { description: 'Registry of crates', required: true }),
      param('CACHE', 'bool', { description: 'Share the build cache', default: true, mutable: false }),
    ],
  }),
]
function preview({ blueprint: name = 'shell', params = {}, image }) {
  const found = BLUEPRINTS.find((one) => one.name === name) ?? BLUEPRINTS[0]
  const problems = found.params.flatMap((one, at) => {
    const say = (message) => [
      {
        code: 'param_invalid',
        severity: 'error',
        blueprint: name,
        pointer: `/params/${at}`,
        file: 'base.yaml',
        line: 12 + at,
        column: 3,
        message,
      },
    ]
    if (one.required && !params[one.name]) return say(`the parameter ${one.name} has no default, so it has to be given`)
    if (one.type === 'size' && params[one.name] && !/^\d+(m|Mi|Gi)?$/.test(params[one.name]))
      return say(`the parameter ${one.name} is a quantity over 0 (500m, 4Gi), not ${params[one.name]}`)
    return []
  })
  const field = (
    pointer,
    value,
    layer,
    of = '',
    why = `${pointer} is ${JSON.stringify(value)}: set by ${layer} ${of}`,
  ) => ({
    pointer,
    value,
    layer,
    blueprint: of,
    why,
  })
  return {
    valid: problems.length === 0,
    name,
    fields:
      problems.length > 0
        ? []
        : [
            field('/name', name, 'platform', name),
            image ? field('/image', image, 'overrides') : field('/image', `images.invalid/${name}:1`, 'platform', name),
            field('/env/LANG', 'C.UTF-8', 'platform', 'base'),
            field('/env/EDITOR', 'vi', 'platform', 'base'),
            field(
              '/resources/cpu',
              params.CPU ?? '1',
              'platform',
              'base',
              '/resources/cpu is "1": set by platform base at base.yaml:12:10 with !cel params.CPU, over "500m" of default',
            ),
            field('/resources/memory', params.MEMORY ?? '1Gi', 'platform', 'base'),
            field('/network/networkPolicyClass', 'isolated', 'platform', 'base'),
            field('/storages/home/path', '/home/ada', 'platform', 'base'),
            field('/storages/home/claimSpec/resources/requests/storage', '5Gi', 'platform', 'base'),
            field('/imagePullPolicy', 'IfNotPresent', 'default'),
            field('/enableApps', false, 'default'),
          ],
    params: Object.fromEntries(found.params.map((one) => [one.name, params[one.name] ?? one.default])),
    options: Object.fromEntries(
      found.params
        .filter((one) => one.options.length > 0)
        .map((one) => [one.name, one.options.map(({ value }) => value)]),
    ),
    layers: ['default', 'platform base', `platform ${name}`],
    pod_security: 'baseline',
    problems,
  }
}

/** What happened, as the server tells it: an array of [type, data]. */
export function events(path) {
  const name = path.split('/')[5]
  const at = (seconds) => new Date(now - seconds * 1000).toISOString()
  const status = (id, stage, seconds, more = {}) => [
    'status',
    {
      id,
      type: 'status',
      timestamp: at(seconds),
      object_name: `workspace/${name}`,
      status: stage,
      message: '',
      stage,
      reason: '',
      severity: 'info',
      progress: null,
      expected_ms: null,
      ...more,
    },
  ]
  const told = [status('1', 'Resolving', 14), status('2', 'Scheduling', 13)]
  if (name === 'anchor') told.push(status('3', 'Pulling', 9, { expected_ms: 11_000 }))
  if (name === 'sunk')
    told.push(status('3', 'Pulling', 9), status('4', 'Failed', 4, { reason: 'ErrImagePull', severity: 'critical' }))
  return [['handshake', { workspace: `lab/${name}`, jobid: '', error: '', resumed: false }], ...told]
}

/** What was done of late. */
const jobs = () =>
  [
    ['start', 'boat', 'running', 'Pulling', 1],
    ['create', 'sunk', 'failed', 'the image images.invalid/none:1 cannot be had', 4],
    ['stop', 'notebook', 'succeeded', 'it is stopped', 47],
    ['create', 'anchor', 'cancelled', 'job 5f0c wants something else', 90],
  ].map(([act, name, state, message, ago], at) => ({
    id: `job-${at}`,
    act,
    cluster: 'dev',
    namespace: 'lab',
    name,
    principal: 'desk:ada',
    state,
    stage: '',
    message,
    created_ms: now - ago * minute,
    changed_ms: now - ago * minute,
  }))

/** Why it is as it is, and by what it was used. */
const why = (one) => {
  const { wanted, cause, phase, stage, message, error, stop_reason, stop_at_ms, last_activity } = whole(one)
  const audit = `object=dev%2Fworkspaces.quarterdeck.dev%2F${one.namespace}%2F${one.name}`
  const uses = [
    {
      door: 'terminal',
      from_ms: now - 180 * minute,
      to_ms: now - 131 * minute,
      detail: '',
      audit: `${audit}&action=workspace%3Aconnect`,
    },
    {
      door: 'cpu',
      from_ms: now - 120 * minute,
      to_ms: now - 90 * minute,
      detail: 'programs took 63 % of a core, most of it rustc (process 412)',
      audit: '',
    },
    {
      door: 'http',
      from_ms: now - 64 * minute,
      to_ms: now - 20 * minute,
      detail: 'GET /',
      audit: `${audit}&action=workspace%3Aproxy`,
    },
  ]
  const runs = phase === 'Running'
  const cost = { since_ms: now - 180 * minute, cpu_milli_hours: 1500, memory_mib_hours: 6144, amount: '0.09 EUR' }
  const told = { wanted, cause, phase, stage, since: '', message, error, stop_reason, stop_at_ms, audit }
  const use = { idle: 'used lately: http', last_use: last_activity, uses: runs ? uses : [] }
  return { ...told, ...use, cost: runs ? cost : null }
}

const home = { name: 'home', claim: 'pvc-wreck-home', type: 'local', size: '5Gi', used: '' }

export function workspacerest(method, path, body) {
  if (path === '/jobs') return [200, { jobs: jobs() }]
  if (path === '/blueprints') return [200, { blueprints: BLUEPRINTS, problems: [], default_blueprint: 'shell' }]
  if (path === '/blueprints/preview') return [200, preview(body)]
  if (path === '/workspaces' && method === 'POST') {
    const one = ALL.find(({ name }) => name === body.name)
    if (one)
      return [
        409,
        error('workspace_exists', `there is a workspace ${body.name} already: choose another name, or start that one`),
      ]
    return [202, { job: {}, workspace: whole(ALL[4]) }]
  }
  const [, , , name, what] = path.split('/')
  const one = ALL.find((known) => known.name === name)
  if (what === 'remains') return [200, { volumes: name === 'wreck' ? [home] : [] }]
  if (what === 'keep') return [200, { until_ms: now + 120 * minute }]
  if (!one) return [404, error('workspace_not_found', `there is no workspace ${name}`)]
  if (what === 'why') return [200, why(one)]
  if (what === 'apps')
    return [
      200,
      {
        apps: [
          { id: 'code', name: 'Editor', state: 'running', version: '4.101.2', port: 8443, protocol: 'http' },
          {
            id: 'preview',
            name: 'Application',
            state: 'failed',
            version: '',
            port: 5173,
            protocol: 'http',
            ended: 'ended with exit code 1',
          },
          { id: 'db', name: 'Database', state: 'stopped', version: '', port: 5432, protocol: 'tcp' },
        ],
      },
    ]
  if (what === 'sysinfo')
    return [
      200,
      {
        cpu_millicores: 120,
        cpu_limit_millicores: 2000,
        memory_bytes: 3.8 * 2 ** 30,
        memory_limit_bytes: 4 * 2 ** 30,
        load: [0.2, 0.3, 0.1],
        processes: 14,
        users: ['ada'],
        uptime_seconds: 9000,
        mounts: [
          { path: '/', kind: 'overlay', bytes: 80 * 2 ** 30, bytes_free: 31 * 2 ** 30, inodes: 0, inodes_free: 0 },
          { path: '/home/ada', kind: 'ext4', bytes: 5 * 2 ** 30, bytes_free: 4 * 2 ** 30, inodes: 0, inodes_free: 0 },
        ],
      },
    ]
  if (what === 'ports')
    return [
      200,
      {
        ports: [
          { port: 8443, loopback: true, process: 'code-server', app: 'code' },
          { port: 3000, loopback: false, process: 'node' },
        ],
      },
    ]
  if (method === 'GET') return [200, whole(one)]
  return [202, { job: {}, workspace: whole(one) }]
}
