import { useRef } from 'react'
import type { Grid } from '../../grid/grid'
import { type Face, WORKSPACE_KIND } from '../../lib/route'
import { copy } from '../../ui/clipboard'
import type { Command } from '../../ui/commands'
import { useConsole, useStore } from '../../ui/console'
import { GridView } from '../../ui/GridView'
import { type Act, closed, fixed, type Known, known, obstacle } from './acts'
import { ListState } from './ListState'
import { ListTools } from './ListTools'
import { rowItems } from './rowItems'
import css from './workspaces.module.css'

/** All workspaces in view, live; what can be done to them has keys and a menu. */
export function WorkspaceList() {
  const console = useConsole()
  const { navigation } = console
  const head = useStore(console.list.head)
  const held = useRef<Grid | null>(null)
  const chosen = (grid: Grid | null): Known[] => known(console, grid?.chosen() ?? [])
  const go = ({ cluster, namespace, name }: Known, face: Face) =>
    navigation.workspaces({ open: { cluster, namespace, name }, face, launch: false })
  return (
    <div className={css.section}>
      <ListTools />
      <GridView
        list={console.list}
        name={WORKSPACE_KIND}
        label="Workspaces"
        scope="workspaces"
        listOf={({ clusters, namespaces, filter }) => JSON.stringify([clusters, namespaces, filter])}
        open={(row) => {
          const [one] = known(console, [row])
          if (one !== undefined) go(one, 'overview')
        }}
        rest={() => {}}
        marks={(count) => console.marked.set(count)}
        mounted={(grid) => {
          held.current = grid
          console.chosen = () => chosen(grid).map((one) => ({ ...one, kind: WORKSPACE_KIND }))
        }}
        items={() => rowItems(console, chosen(held.current))}
        commands={(grid) => {
          const here = () => chosen(grid())
          const act = (name: Act): Command => ({
            run: () => console.asked.set({ act: name, places: here() }),
            reason: () => obstacle(console, name, here()),
          })
          const to = (face: Face, running = false): Command => ({
            run: () => {
              const [one] = here()
              if (one !== undefined) go(one, face)
            },
            reason: () => (running ? closed(here()) : here().length === 0 ? 'no workspace is chosen' : null),
          })
          return {
            escape: () => {
              const at = grid()
              if (at !== null && at.marks.size > 0) at.unmark()
              else if (navigation.route.get().filter !== '') console.commands.run('filter.clear')
            },
            'copy.name': () => {
              const names = here().map(({ name }) => name)
              copy(console, names.join('\n'), names.length === 1 ? (names[0] ?? '') : `${names.length} names`)
            },
            'ws.launch': {
              run: () => navigation.workspaces({ launch: true, blueprint: '' }),
              reason: () => fixed(console),
            },
            'ws.jobs': () => navigation.workspaces({ jobs: true }),
            'ws.again': console.list.retry,
            'ws.start': act('start'),
            'ws.stop': act('stop'),
            'ws.delete': act('delete'),
            'act.delete': act('delete'),
            'ws.shell': to('terminal', true),
            'ws.app': to('apps', true),
            'ws.yaml': {
              run: () => {
                const [one] = here()
                if (one === undefined) return
                const { cluster, namespace, name } = one
                navigation.go({ kind: WORKSPACE_KIND, object: { cluster, namespace, name }, tab: 'yaml' })
              },
            },
            'open.overview': to('overview'),
            'open.events': to('events'),
          }
        }}
      >
        <ListState head={head} />
      </GridView>
    </div>
  )
}
