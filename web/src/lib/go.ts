/** `:po kube-system @prod /api`: the short way to a view. */

export interface GoKind {
  id: string
  kind: string
  title: string
  short_names: readonly string[]
}

export interface Go {
  kind: string
  /** Undefined keeps the namespaces; empty is all. */
  namespaces?: string[]
  clusters?: string[]
  filter?: string
}

const ALIASES: Readonly<Record<string, string>> = { ctx: 'clusters', ns: 'namespaces' }

/** Where the text leads, or why it leads nowhere. */
export function parseGo(text: string, kinds: readonly GoKind[]): Go | string {
  const [before = '', ...rest] = text
    .replace(/^:/, '')
    .trim()
    .split(/\s+(?=\/)/)
  const filter = rest.join(' ').replace(/^\//, '')
  const [name = '', ...words] = before.split(/\s+/)
  if (name === '') return 'a kind: pods, deploy, svc, ns'
  const found = resolveKind(ALIASES[name] ?? name, kinds)
  if (typeof found === 'string') return found
  const go: Go = { kind: found.id }
  for (const word of words) {
    if (word.startsWith('@'))
      go.clusters = word
        .slice(1)
        .split(',')
        .filter((part) => part !== '')
    else if (word === 'all' || word === '*') go.namespaces = []
    else go.namespaces = word.split(',').filter((part) => part !== '')
  }
  if (filter !== '') go.filter = filter
  return go
}

/** A kind by id, plural, short name, kind name or title; the only one that starts so will do. */
export function resolveKind(name: string, kinds: readonly GoKind[]): GoKind | string {
  const wanted = name.toLowerCase()
  const exact = kinds.filter((kind) => names(kind).includes(wanted))
  if (exact[0] !== undefined) return exact[0]
  const starts = kinds.filter((kind) => names(kind).some((known) => known.startsWith(wanted)))
  if (starts.length === 1 && starts[0] !== undefined) return starts[0]
  if (starts.length > 1)
    return `${name} could be ${starts
      .slice(0, 4)
      .map((kind) => kind.id)
      .join(', ')}`
  return `no cluster in view serves a kind called ${name}`
}

function names(kind: GoKind): string[] {
  const plural = kind.id.split('.')[0] ?? kind.id
  return [kind.id, plural, kind.kind, kind.title, ...kind.short_names].map((text) => text.toLowerCase())
}
