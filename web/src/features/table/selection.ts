/** From a row of a kind to the object that it shows. */

import type { Identity } from '../../grid/marks'
import type { Selected } from '../../lib/route'
import type { Console } from '../../ui/console'
import type { ObjectRef } from '../../wire/api'

export function reference(console: Console, row: Identity): ObjectRef {
  const cluster = console.list.head.get().sources[row.source]?.cluster ?? console.inView()[0] ?? ''
  return { cluster, kind: console.list.query.kind, namespace: row.namespace, name: row.name }
}

export function selected(console: Console, row: Identity): Selected {
  const { cluster, namespace, name } = reference(console, row)
  return { cluster, namespace, name }
}
