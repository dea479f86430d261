import { useEffect, useRef, useState } from 'react'
import { FACES, type Face, type Selected, WORKSPACE_KIND } from '../../../lib/route'
import { copy } from '../../../ui/clipboard'
import { type Command, useCommands } from '../../../ui/commands'
import { useConsole } from '../../../ui/console'
import { Denied, Failed, Skeleton } from '../../../ui/State'
import { Tabs } from '../../../ui/Tabs'
import type { WorkspaceParts } from '../../../ui/workspaceParts'
import { type Act, closed, fixed, obstacle } from '../acts'
import { standing } from '../standing'
import css from '../workspaces.module.css'
import { FaceOf } from './FaceOf'
import { Gone } from './Gone'
import { PageHead } from './PageHead'
import { Stay, stay } from './Stay'
import { Strip } from './Strip'
import { useEvents } from './useEvents'
import { useWorkspace } from './useWorkspace'

const TITLES: Readonly<Record<Face, string>> = {
  overview: 'Overview',
  apps: 'Apps and ports',
  terminal: 'Terminal',
  files: 'Files',
  logs: 'Logs',
  events: 'Events',
}

interface Props {
  place: Selected
  face: Face
  parts: WorkspaceParts
}

/** One workspace: its way up while it is made, then what it is, what runs in it, and why. */
export function WorkspacePage({ place: given, face, parts }: Props) {
  // The page is one workspace's: what works on it does not begin anew when a link says the same once more.
  const [place] = useState(given)
  const console = useConsole()
  const { navigation } = console
  const following = useEvents(place)
  const [reading, again] = useWorkspace(place, following.moves)
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => root.current?.focus({ preventScroll: true }), [])
  const workspace = reading.is === 'here' ? reading.workspace : null
  const known = workspace === null ? [] : [{ ...place, phase: workspace.phase }]
  const show = (next: Face) => navigation.workspaces({ face: next }, {}, false)
  const act = (name: Act): Command => ({
    run: () => console.asked.set({ act: name, places: [place] }),
    reason: () => obstacle(console, name, known),
  })
  const faces = FACES.filter((one) => (one !== 'terminal' && one !== 'files') || parts[one] !== undefined)
  const to = (next: Face, running = false): Command => ({
    run: () => show(next),
    reason: () => (!faces.includes(next) ? 'this console does not have it' : running ? closed(known) : null),
  })
  useCommands(console.commands, {
    'ws.close': () => navigation.workspaces({ open: null }),
    'ws.overview': to('overview'),
    'ws.why': to('overview'),
    'ws.shell': to('terminal', true),
    'ws.app': to('apps', true),
    'ws.files': to('files', true),
    'ws.logs': to('logs'),
    'ws.events': to('events'),
    'ws.start': act('start'),
    'ws.stop': act('stop'),
    'ws.delete': act('delete'),
    'ws.keep': { run: () => void stay(console, place), reason: () => fixed(console) ?? closed(known) },
    'ws.yaml': () => navigation.go({ kind: WORKSPACE_KIND, object: place, tab: 'yaml' }),
    'copy.name': () => copy(console, place.name, place.name),
  })
  return (
    <div ref={root} className={css.page} data-scope="workspace" data-page tabIndex={-1}>
      <PageHead place={place} workspace={workspace} live={following.live} />
      {workspace !== null && <Stay workspace={workspace} />}
      {workspace !== null && <Strip workspace={workspace} />}
      <Tabs tabs={faces} titles={TITLES} tab={face} show={show} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key */}
      <div className={css.panel} id="tab-panel" role="tabpanel" aria-labelledby={`tab-${face}`} tabIndex={0}>
        {body()}
      </div>
      <p className="unseen" role="status">
        {workspace === null ? '' : `${workspace.name}: ${standing(workspace).word}`}
      </p>
    </div>
  )

  function body() {
    if (following.gone) return <Gone place={place} />
    if (reading.is === 'reading') return <Skeleton lines={8} />
    if (reading.is === 'failed') {
      const { error } = reading
      if (error.code === 'workspace_not_found') return <Gone place={place} />
      if (error.code === 'rbac_denied') return <Denied error={error} cluster={place.cluster} />
      return <Failed error={error} tried={`reading workspace ${place.name} of ${place.cluster}`} onRetry={again} />
    }
    return (
      <FaceOf
        face={faces.includes(face) ? face : 'overview'}
        parts={parts}
        place={place}
        workspace={reading.workspace}
        events={following.events}
      />
    )
  }
}
