import { inBox, withChip } from '../../lib/chips'
import { grouped } from '../../lib/text'
import { Button } from '../../ui/Button'
import { useConsole, useRoute, useStore } from '../../ui/console'
import { Icon } from '../../ui/Icon'
import { type Item, keyOf, MenuButton } from '../../ui/Menu'
import { THEMES } from '../../ui/theme'
import css from './bar.module.css'
import { FilterBox } from './FilterBox'
import { NamespacePicker } from './NamespacePicker'

/** Where (clusters, namespaces), what (kind and count), filter, palette, theme, you. */
export function Bar() {
  const console = useConsole()
  const route = useRoute()
  const kind = console.kind()
  const { traffic, workspaces } = route
  // One workspace and the form have no rows to filter.
  const alone = workspaces !== null && (workspaces.open !== null || workspaces.launch)
  return (
    <header className={css.bar}>
      <ClusterPicker />
      {traffic === null && <NamespacePicker disabled={kind?.namespaced === false} />}
      {traffic === null ? <KindTitle /> : <TrafficTitle records={traffic.tap !== null} />}
      {/* sums are over all records: there is nothing to filter */}
      {(alone || (traffic !== null && traffic.show !== 'records')) && <span className={css.filter} />}
      {alone ? null : traffic === null ? (
        <FilterBox
          key={route.kind}
          head={console.list.head}
          placeholder={
            workspaces === null
              ? '/filter: word, -l app=x, where restarts > 3'
              : '/filter: word, where owner = "ada" and phase = "Running"'
          }
        />
      ) : traffic.show !== 'records' ? null : (
        <FilterBox
          key={`tap ${traffic.tap}`}
          head={console.traffic.head}
          placeholder={traffic.tap === null ? '/filter: word' : '/filter: word, where status >= 500 and wait > 200ms'}
          place={(at) => inBox(withChip(route.filter, traffic.chip), at)}
        />
      )}
      <Button
        className={css.palette}
        icon="search"
        title={`Command palette (${keyOf('palette')})`}
        onClick={() => console.overlay.set({ is: 'palette', text: '' })}
      >
        <span>Go to…</span> <kbd>{keyOf('palette')}</kbd>
      </Button>
      <ThemeMenu />
      <UserMenu />
    </header>
  )
}

function KindTitle() {
  const console = useConsole()
  const { kind: id } = useRoute()
  const head = useStore(console.list.head)
  // no rows of a cluster that never answered are not zero rows
  const known =
    head.ready && head.error === null && (head.total > 0 || head.sources.some(({ state }) => state.is === 'live'))
  return (
    <h1 className={css.what}>
      <span className={css.kind}>{console.kind()?.title ?? plain(id)}</span>{' '}
      <span className={css.count}>{known ? grouped(head.total) : ''}</span>
    </h1>
  )
}

function TrafficTitle({ records }: { records: boolean }) {
  const { traffic } = useConsole()
  const head = useStore(traffic.head)
  return (
    <h1 className={css.what}>
      <span className={css.kind}>{records ? 'Records' : 'Taps'}</span>{' '}
      <span className={css.count}>{head.ready && head.error === null ? grouped(head.total) : ''}</span>
    </h1>
  )
}

/** A kind that no cluster told us of yet: `pods` for Pods. */
const plain = (id: string) => `${id.charAt(0).toUpperCase()}${id.slice(1).split('.')[0] ?? ''}`

function ClusterPicker() {
  const console = useConsole()
  const clusters = useStore(console.clusters.clusters) ?? []
  const inView = console.inView()
  const items: Item[] = clusters.map((cluster) => ({
    title: cluster.name,
    checked: inView.includes(cluster.name),
    run: () => {
      const others = inView.filter((name) => name !== cluster.name)
      const next = others.length < inView.length ? others : [...inView, cluster.name]
      if (next.length > 0) console.navigation.go({ clusters: next, object: null })
    },
  }))
  const text = inView.length > 2 ? `${inView.length} clusters` : inView.join(', ')
  return (
    <MenuButton items={items} className={css.picker} label={`Clusters: ${inView.join(', ')}`}>
      <b className={css.cut}>{text || 'No cluster'}</b>
      <Icon name="chevron" />
    </MenuButton>
  )
}

function ThemeMenu() {
  const { theme } = useConsole()
  const name = useStore(theme.name)
  const items: Item[] = THEMES.map(([id, title]) => ({ title, checked: id === name, run: () => theme.choose(id) }))
  return (
    <MenuButton items={items} className={css.square} label="Theme">
      <Icon name="auto" />
    </MenuButton>
  )
}

function UserMenu() {
  const console = useConsole()
  const session = useStore(console.session)
  const items: Item[] = [
    { title: 'Keys', command: 'help', run: () => console.overlay.set({ is: 'help' }) },
    { title: `Quarterdeck ${session.version}`, disabled: 'version', apart: true, run: () => {} },
  ]
  if (session.read_only) items.push({ title: 'Read-only', disabled: 'started with --read-only', run: () => {} })
  return (
    <MenuButton items={items} className={css.picker} label={`You: ${session.user}`}>
      <span className={css.cut}>{session.user}</span>
      <Icon name="chevron" />
    </MenuButton>
  )
}
