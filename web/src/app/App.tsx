import { useEffect, useState } from 'react'
import { PlanDialog } from '../features/acts/PlanDialog'
import { DetailPane, savedPlace } from '../features/detail/DetailPane'
import { Banners } from '../features/frame/Banners'
import { Bar } from '../features/frame/Bar'
import { Nav } from '../features/frame/Nav'
import { Rail } from '../features/frame/Rail'
import { StatusLine } from '../features/frame/StatusLine'
import { Help } from '../features/help/Help'
import { Palette } from '../features/palette/Palette'
import { KubeconfigDialog } from '../features/start/KubeconfigDialog'
import { Start } from '../features/start/Start'
import { TableView } from '../features/table/TableView'
import { useConsole, useRoute, useStore } from '../ui/console'
import { Skeleton } from '../ui/State'
import { part, useLoaded } from '../ui/useLoaded'
import { WantsDialog } from '../ui/WantsDialog'
import css from './app.module.css'
import { dispatch } from './dispatch'
import { useGlobalCommands } from './globalCommands'
import { WORKSPACE_PARTS } from './workspaceParts'

// Not part of the first paint: most tabs begin with rows.
const TRAFFIC = part(() => import('../features/traffic/Traffic'))
const WORKSPACES = part(() => import('../features/workspaces/Workspaces'))
const TAP_DIALOG = part(() => import('../features/traffic/TapDialog'))

/** The frame of console.md: rail, navigation, bar, rows and pane, status line. */
export function App() {
  const console = useConsole()
  const clusters = useStore(console.clusters.clusters)
  const link = useStore(console.socket.link)
  const session = useStore(console.session)
  useRoute()
  useGlobalCommands(console)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => dispatch(console, event)
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [console])
  useEffect(() => {
    const { traffic, workspaces } = console.navigation.route.get()
    const what = traffic !== null ? 'Traffic' : (workspaces?.open?.name ?? console.kind()?.title)
    document.title = `${what ?? 'Quarterdeck'} · ${console.inView().join(', ') || 'Quarterdeck'}`
  })

  if (link.is === 'refused' && clusters === null) {
    const error = { code: 'session_ended', message: 'the server no longer knows this tab', request_id: '' }
    return <Start error={error} onRetry={() => location.reload()} />
  }
  if (session.problem !== undefined && (clusters === null || clusters.length === 0)) {
    return <Start error={session.problem} onRetry={() => location.reload()} />
  }
  const production = console.inView().some((name) => console.cluster(name)?.production)
  return (
    <div className={`${css.app} ${production ? css.production : ''}`} data-link={link.is}>
      <Banners />
      <div className={css.middle}>
        <Rail />
        <Nav />
        <Work />
      </div>
      <StatusLine />
      <Palette />
      <Help />
      <KubeconfigDialog />
      <PlanDialog />
      <WantsDialog />
      <Tapping />
    </div>
  )
}

/** The dialog of a tap, once somebody asks for one. */
function Tapping() {
  const { tapping } = useConsole()
  const wanted = useStore(tapping) !== null
  const TapDialog = useLoaded(TAP_DIALOG, wanted)
  return wanted && TapDialog !== null ? <TapDialog /> : null
}

function Work() {
  const [place, setPlace] = useState(savedPlace)
  const { traffic, workspaces } = useRoute()
  const Traffic = useLoaded(TRAFFIC, traffic !== null)
  const Workspaces = useLoaded(WORKSPACES, workspaces !== null)
  if (workspaces !== null) {
    return (
      <main className={css.work}>
        <Bar />
        {Workspaces === null ? <Skeleton lines={12} /> : <Workspaces at={workspaces} parts={WORKSPACE_PARTS} />}
      </main>
    )
  }
  if (traffic !== null) {
    return (
      <main className={css.work}>
        <Bar />
        {Traffic === null ? (
          <Skeleton lines={12} />
        ) : (
          <Traffic key={traffic.tap ?? ''} traffic={traffic} place={place} />
        )}
      </main>
    )
  }
  return (
    <main className={css.work}>
      <Bar />
      <div className={place === 'right' ? css.beside : css.stacked}>
        <TableView />
        <DetailPane place={place} setPlace={setPlace} />
      </div>
    </main>
  )
}
