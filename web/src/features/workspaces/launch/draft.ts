/** What somebody fills in to get a workspace, and what the server is asked with it. */

import type {
  BlueprintParam,
  BlueprintPreview,
  BlueprintProblem,
  BlueprintRow,
  WorkspaceCreate,
  WorkspacePortAsked,
} from '../../../wire/api'

export interface Draft {
  cluster: string
  namespace: string
  name: string
  blueprint: string
  preset: string
  image: string
  /** The address of a git repository; without a name it names the workspace too. */
  repository: string
  /** The file of the repository says what it is made from. */
  byFile: boolean
  /** What was filled in, as texts; a parameter that is not here has its default. */
  values: Readonly<Record<string, string>>
  stopped: boolean
  /** At most; empty leaves it to the blueprint. */
  cpu: string
  memory: string
  /** A git repository of dotfiles, or a folder in the workspace. */
  dotfiles: string
  /** Variables, `NAME=value` on a line each. */
  env: string
  /** Arguments of the image's entrypoint, one on a line. */
  args: string
  /** Labels of its pod, `name=value` on a line each. */
  labels: string
  /** Ports that it listens on, `8080` or `web=8080`, with blanks or commas between them. */
  ports: string
  notes: string
}

export const EMPTY: Omit<Draft, 'cluster' | 'namespace'> = {
  name: '',
  blueprint: '',
  preset: '',
  image: '',
  repository: '',
  byFile: false,
  values: {},
  stopped: false,
  cpu: '',
  memory: '',
  dotfiles: '',
  env: '',
  args: '',
  labels: '',
  ports: '',
  notes: '',
}

/** Why this is no name of a workspace, or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'it needs a name'
  if (name.length > 52) return 'at most 52 characters'
  if (!/^[a-z]/.test(name)) return 'it begins with a small letter'
  if (!/^[a-z0-9-]*$/.test(name)) return 'small letters, digits and - only'
  return name.endsWith('-') ? 'it ends with a letter or a digit' : null
}

/** The blueprints that a workspace can be made from. */
export function choices(blueprints: readonly BlueprintRow[]): BlueprintRow[] {
  return blueprints.filter((one) => !one.abstract)
}

/** What a parameter has where nothing is filled in: of the preset, else its own. */
export function standard(param: BlueprintParam, blueprint: BlueprintRow, preset: string): string {
  const given = blueprint.presets.find(({ name }) => name === preset)?.params[param.name] ?? param.default
  return given === undefined || given === null ? '' : String(given)
}

/** What may be chosen of a parameter: what the server last said of it, as far as the others leave it. */
export function offered(param: BlueprintParam, preview: BlueprintPreview | null): BlueprintParam['options'] {
  const open = preview?.options[param.name]
  return open === undefined ? param.options : param.options.filter(({ value }) => open.includes(value))
}

/** `at least 250m, at most 4`, or nothing. */
export function bounds({ min, max }: BlueprintParam): string {
  if (min !== undefined && max !== undefined) return `${min} to ${max}`
  if (min !== undefined) return `at least ${min}`
  return max === undefined ? '' : `at most ${max}`
}

/** Whether a parameter is asked at all: one with a condition is once the server has given it a value or misses one. */
export function isAsked(param: BlueprintParam, at: number, preview: BlueprintPreview | null): boolean {
  if (param.when === '' || preview === null) return param.when === ''
  if (param.name in preview.params) return true
  return preview.problems.some(({ pointer, message }) => pointer === `/params/${at}` && !message.includes(NOT_ASKED))
}

const NOT_ASKED = 'is not asked for here'

/** Whether the file of the repository says what it is made from, and no blueprint is named. */
export function isByFile({ byFile, repository, image }: Draft): boolean {
  return byFile && repository.trim() !== '' && image.trim() === ''
}

/** Only what was filled in, of parameters that are asked. */
function filled({ values }: Draft, asked: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== '' && asked.includes(name)))
}

const some = (key: string, value: string) => (value.trim() === '' ? {} : { [key]: value.trim() })

export function previewRequest(draft: Draft, asked: readonly string[]): WorkspaceCreate {
  const { cluster, namespace, name, image, repository, cpu, memory } = draft
  const { blueprint, preset } = isByFile(draft) ? { blueprint: '', preset: '' } : draft
  return {
    cluster,
    params: isByFile(draft) ? {} : filled(draft, asked),
    ...some('namespace', namespace),
    ...(nameProblem(name) === null ? { name } : {}),
    ...some('blueprint', blueprint),
    ...some('image', image),
    ...some('repository', repository),
    ...some('preset', preset),
    ...some('cpu', cpu),
    ...some('memory', memory),
    ...some('dotfiles', draft.dotfiles),
  }
}

export function createRequest(draft: Draft, asked: readonly string[]): WorkspaceCreate {
  const { env } = variables(draft.env)
  const { labels } = labelsOf(draft.labels)
  const { ports } = portsOf(draft.ports)
  const args = draft.args.split('\n').filter((line) => line !== '')
  return {
    ...previewRequest(draft, asked),
    // A repository names the workspace where nobody does.
    ...some('name', draft.name),
    ...(args.length === 0 ? {} : { args }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...some('notes', draft.notes),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(draft.stopped ? { stopped: true } : {}),
  }
}

/** Lines of a form, and the first that does not have it. */
function pairs(text: string, form: RegExp): { of: Record<string, string>; wrong: string | undefined } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const parts = lines.map((line) => form.exec(line))
  const of = Object.fromEntries(parts.flatMap((part) => (part === null ? [] : [[part[1] ?? '', part[2] ?? '']])))
  return { of, wrong: lines[parts.indexOf(null)]?.trim() }
}

/** Variables of `NAME=value` lines, and the first line that is none. */
export function variables(text: string): { env: Record<string, string>; wrong: string | null } {
  const { of, wrong } = pairs(text, /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/)
  return { env: of, wrong: wrong === undefined ? null : `no NAME=value: ${wrong}` }
}

/** Labels, as Kubernetes takes them. */
export function labelsOf(text: string): { labels: Record<string, string>; wrong: string | null } {
  const { of, wrong } = pairs(
    text,
    /^\s*((?:[a-z0-9.-]+\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,62})=([A-Za-z0-9._-]{0,63})\s*$/,
  )
  const ours = Object.keys(of).find((name) => name.startsWith('quarterdeck.dev/'))
  if (ours !== undefined) return { labels: of, wrong: `${ours} is not for you to set` }
  return { labels: of, wrong: wrong === undefined ? null : `no name=value of a label: ${wrong}` }
}

export function portsOf(text: string): { ports: WorkspacePortAsked[]; wrong: string | null } {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  const parts = words.map((word) => /^(?:([a-z][a-z0-9-]{0,14})=)?(\d{1,5})$/.exec(word))
  const ports = parts.flatMap((part) => {
    if (part === null) return []
    const [, name, port] = part
    return [{ port: Number(port), ...(name === undefined ? {} : { name }) }]
  })
  const bad = words.find((_, at) => parts[at] === null) ?? ports.find(({ port }) => port < 1 || port > 65_535)?.port
  if (bad !== undefined) return { ports, wrong: `no port: ${bad}` }
  if (ports.some(({ port }) => port === 2822)) return { ports, wrong: 'port 2822 is the agent’s own' }
  const twice = ports.find(({ port }, at) => ports.findIndex((one) => one.port === port) !== at)
  return { ports, wrong: twice === undefined ? null : `port ${twice.port} is there twice` }
}

/** Fields of a blueprint that the form has. */
const FIELDS: Readonly<Record<string, string>> = {
  '/image': 'image',
  '/resources/cpu': 'cpu',
  '/resources/memory': 'memory',
  '/dotfiles': 'dotfiles',
}

export interface Placed {
  /** By the name of the parameter, or `image`, `cpu`, `memory`. */
  fields: ReadonlyMap<string, readonly BlueprintProblem[]>
  /** Those of no field of the form. */
  others: readonly BlueprintProblem[]
}

/** Each problem under the field that it is about. */
export function placed(problems: readonly BlueprintProblem[], params: readonly BlueprintParam[]): Placed {
  const fields = new Map<string, BlueprintProblem[]>()
  const others: BlueprintProblem[] = []
  for (const problem of problems) {
    const [, index] = /^\/params\/(\d+)(?:\/|$)/.exec(problem.pointer) ?? []
    const name = index === undefined ? FIELDS[problem.pointer] : params[Number(index)]?.name
    if (name === undefined) others.push(problem)
    else fields.set(name, [...(fields.get(name) ?? []), problem])
  }
  return { fields, others }
}

/** What stands between the draft and its launch, or null. */
export function between(draft: Draft, preview: BlueprintPreview | null): string | null {
  const named = draft.name !== '' || draft.repository.trim() === ''
  if (named && nameProblem(draft.name) !== null) return `name: ${nameProblem(draft.name)}`
  // A repository may say itself what it builds on.
  const made = draft.blueprint !== '' || draft.image.trim() !== '' || draft.repository.trim() !== ''
  if (!made) return 'a blueprint or an image is needed'
  const line = variables(draft.env).wrong ?? labelsOf(draft.labels).wrong ?? portsOf(draft.ports).wrong
  if (line !== null) return line
  if (preview === null) return null
  const wrong = preview.problems.filter(({ severity }) => severity === 'error').length
  if (wrong > 0) return wrong === 1 ? 'one thing is wrong' : `${wrong} things are wrong`
  return null
}
