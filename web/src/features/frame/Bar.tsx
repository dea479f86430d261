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
  const head = useStore(console.list.head)
  const kind = console.kind()
  return (
    <header className={css.bar}>
      <ClusterPicker />
      <NamespacePicker disabled={kind?.namespaced === false} />
      <h1 className={css.what}>
        <span className={css.kind}>{kind?.title ?? route.kind}</span>{' '}
        <span className={css.count}>{head.ready && head.error === null ? grouped(head.total) : ''}</span>
      </h1>
      <FilterBox key={route.kind} />
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
