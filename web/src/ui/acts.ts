/** Which acts a kind has, and why one cannot be done now. Menus, keys, the pane and the palette all ask here. */

import type { Act, Cluster, Kind, ObjectRef } from '../wire/api'
import type { Console } from './console'

export interface ActEntry {
  act: Act['act']
  title: string
  command: string
  /** The right that Kubernetes wants for it: a verb, and a subresource after a slash. */
  verb: string
}

export const ACTS: readonly ActEntry[] = [
  { act: 'scale', title: 'Scale…', command: 'act.scale', verb: 'patch/scale' },
  { act: 'restart', title: 'Restart…', command: 'act.restart', verb: 'patch' },
  { act: 'delete', title: 'Delete…', command: 'act.delete', verb: 'delete' },
]

/** The acts that exist for a kind. */
export function actsOf(kind: Kind | undefined): ActEntry[] {
  return ACTS.filter((entry) => kind?.acts.includes(entry.act))
}

/** Why the act cannot be planned, or null. */
export function obstacle(
  console: Console,
  kind: Kind | undefined,
  act: Act['act'],
  objects: readonly ObjectRef[],
): string | null {
  const entry = ACTS.find((known) => known.act === act)
  if (console.session.get().read_only) return 'this console was started with --read-only'
  if (kind === undefined || entry === undefined || !kind.acts.includes(act))
    return `${kind?.title ?? 'this kind'}: no such act`
  if (objects.length === 0) return 'no row is chosen'
  const missing = missingRight(console, entry.verb, objects)
  if (missing !== null) return missing
  if (objects.length > 1000) return 'a plan takes at most 1,000 objects: filter first'
  if (console.socket.link.get().is !== 'live') return 'the connection to the server is lost'
  for (const source of console.list.head.get().sources) {
    const { state } = source
    if (state.is !== 'stale' && state.is !== 'unreachable') continue
    if (objects.some((object) => object.cluster === source.cluster)) return `${source.cluster}: ${state.error.code}`
  }
  return null
}

/** The first right that is known to be missing, in words. What is not known is tried, and the API server says. */
function missingRight(console: Console, right: string, objects: readonly ObjectRef[]): string | null {
  for (const { cluster: name, kind: id, namespace } of objects) {
    const cluster = console.cluster(name)
    const kind = cluster?.kinds.find((known) => known.id === id)
    if (!kind?.denied.includes(right)) continue
    if (namespace !== '' && openIn(cluster, kind, right).includes(namespace)) continue
    const [verb, subresource] = right.split('/')
    const what = subresource === undefined ? id : `the ${subresource} of ${id}`
    return `you may not ${verb} ${what} ${namespace === '' ? '' : `in namespace ${namespace} `}of ${name}: ask for the right`
  }
  return null
}

/** The namespaces in which a right is there that is denied in the whole cluster. */
export function openIn(cluster: Cluster | undefined, kind: Kind, right: string): readonly string[] {
  const place = kind.only_in?.[right]
  return place === undefined ? [] : (cluster?.places?.[place] ?? [])
}

/** `3 pods`, `pod cart-1`. */
export function naming(kind: Kind | undefined, objects: readonly ObjectRef[]): string {
  const [first] = objects
  if (objects.length === 1 && first !== undefined) return `${kind?.kind ?? first.kind} ${first.name}`
  return `${objects.length} ${kind?.title ?? first?.kind ?? 'objects'}`
}
