/** Which acts a kind has, and why one cannot be done now. Menus, keys, the pane and the palette all ask here. */

import type { Act, Kind, ObjectRef } from '../wire/api'
import type { Console } from './console'

export interface ActEntry {
  act: Act['act']
  title: string
  command: string
  /** The verb that Kubernetes wants for it. */
  verb: string
}

export const ACTS: readonly ActEntry[] = [
  { act: 'scale', title: 'Scale…', command: 'act.scale', verb: 'patch' },
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
  if (kind.denied.includes(entry.verb)) return `you may not ${entry.verb} ${kind.id} on this cluster`
  if (objects.length === 0) return 'no row is chosen'
  if (objects.length > 1000) return 'a plan takes at most 1,000 objects: filter first'
  if (console.socket.link.get().is !== 'live') return 'the connection to the server is lost'
  for (const source of console.list.head.get().sources) {
    const { state } = source
    if (state.is !== 'stale' && state.is !== 'unreachable') continue
    if (objects.some((object) => object.cluster === source.cluster)) return `${source.cluster}: ${state.error.code}`
  }
  return null
}

/** `3 pods`, `pod cart-1`. */
export function naming(kind: Kind | undefined, objects: readonly ObjectRef[]): string {
  const [first] = objects
  if (objects.length === 1 && first !== undefined) return `${kind?.kind ?? first.kind} ${first.name}`
  return `${objects.length} ${kind?.title ?? first?.kind ?? 'objects'}`
}
