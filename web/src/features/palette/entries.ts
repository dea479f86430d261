/** What the palette offers for a text: kinds, objects, namespaces, clusters, acts, settings. */

import { fuzzy } from '../../lib/fuzzy'
import { parseGo } from '../../lib/go'
import { KEYS, label } from '../../lib/keys'
import { grouped } from '../../lib/text'
import type { Console } from '../../ui/console'
import { THEMES } from '../../ui/theme'
import type { Row } from '../../wire/api'

export interface Entry {
  id: string
  section: string
  title: string
  /** Beside the title. */
  hint?: string
  key?: string
  disabled?: string | null
  run(): void
}

export interface Found {
  kind: string
  title: string
  clusters: readonly string[]
  row: Row
}

const MAC = navigator.platform.startsWith('Mac')
const PER_SECTION = 8

/** The best entries for `text`, section by section. */
export function entries(
  console: Console,
  text: string,
  objects: readonly Found[],
  namespaces: readonly string[],
): Entry[] {
  if (text.startsWith(':')) return [goEntry(console, text)]
  const sections = [
    rank(text, kinds(console)),
    text.trim() === '' ? [] : objects.map((found) => objectEntry(console, found)),
    rank(text, acts(console)),
    text.trim() === ''
      ? []
      : rank(
          text,
          namespaces.map((name) => namespaceEntry(console, name)),
        ),
    rank(text, clusters(console)),
    text.trim() === '' ? [] : rank(text, settings(console)),
  ]
  return sections.flatMap((section, at) => section.slice(0, at === 1 ? 12 : PER_SECTION))
}

function rank(text: string, all: Entry[]): Entry[] {
  const wanted = text.trim()
  if (wanted === '') return all
  return all
    .map((entry) => ({ entry, score: fuzzy(wanted, `${entry.title} ${entry.hint ?? ''}`) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry)
}

/** `:po kube-system @prod /api` as one entry, or why it leads nowhere. */
function goEntry(console: Console, text: string): Entry {
  const go = parseGo(text, console.kinds())
  if (typeof go === 'string') return { id: 'go', section: 'Go to', title: go, disabled: go, run: () => {} }
  const kind = console.kind(go.kind)
  const unknown = go.clusters?.find((name) => console.cluster(name) === undefined)
  if (unknown !== undefined)
    return { id: 'go', section: 'Go to', title: `no cluster called ${unknown}`, disabled: unknown, run: () => {} }
  const hint = [
    go.namespaces?.join(', ') || (go.namespaces && 'all namespaces'),
    go.clusters && `@${go.clusters.join(',')}`,
    go.filter && `/${go.filter}`,
  ]
  return {
    id: 'go',
    section: 'Go to',
    title: kind?.title ?? go.kind,
    hint: hint.filter(Boolean).join('  '),
    run: () =>
      console.navigation.go({
        kind: go.kind,
        filter: go.filter ?? '',
        sort: [],
        object: null,
        ...(go.namespaces === undefined ? {} : { namespaces: go.namespaces }),
        ...(go.clusters === undefined ? {} : { clusters: go.clusters }),
      }),
  }
}

function kinds(console: Console): Entry[] {
  const counts = console.counts.kinds.get()
  return console.kinds().map((kind) => {
    const count = counts[kind.id]
    return {
      id: `kind ${kind.id}`,
      section: 'Views',
      title: kind.title,
      hint: [kind.short_names.join(' '), count === undefined ? '' : grouped(count)].filter(Boolean).join('  '),
      run: () => console.navigation.go({ kind: kind.id, filter: '', sort: [], object: null }),
    }
  })
}

function objectEntry(console: Console, { kind, title, clusters, row }: Found): Entry {
  const [, source, namespace, name] = row
  const cluster = clusters[source] ?? clusters[0] ?? ''
  return {
    id: `object ${kind} ${cluster} ${namespace} ${name}`,
    section: 'Objects',
    title: name,
    hint: [title, namespace].filter(Boolean).join(' · '),
    run: () => {
      const all = console.navigation.route.get().namespaces
      const namespaces = all.length === 0 || all.includes(namespace) || namespace === '' ? all : [...all, namespace]
      console.navigation.go({ kind, namespaces, filter: '', object: { cluster, namespace, name } })
    },
  }
}

function acts(console: Console): Entry[] {
  return KEYS.filter((entry) => entry.palette && console.commands.has(entry.id)).map((entry) => ({
    id: `command ${entry.id}`,
    section: entry.id.startsWith('act.') ? 'Acts on the selection' : 'Commands',
    title: entry.title,
    key: label(entry.keys[0] ?? '', MAC),
    disabled: console.commands.reason(entry.id),
    run: () => void console.commands.run(entry.id),
  }))
}

function namespaceEntry(console: Console, name: string): Entry {
  return {
    id: `namespace ${name}`,
    section: 'Namespaces',
    title: name,
    run: () => console.navigation.go({ namespaces: [name], object: null }),
  }
}

function clusters(console: Console): Entry[] {
  return (console.clusters.clusters.get() ?? []).map(({ name, state, production }) => ({
    id: `cluster ${name}`,
    section: 'Clusters',
    title: name,
    hint: `${state.is}${production ? ', production' : ''}`,
    run: () => console.navigation.go({ clusters: [name], object: null }),
  }))
}

function settings(console: Console): Entry[] {
  return THEMES.map(([id, title]) => ({
    id: `theme ${id}`,
    section: 'Settings',
    title: `Theme: ${title}`,
    run: () => console.theme.choose(id),
  }))
}
