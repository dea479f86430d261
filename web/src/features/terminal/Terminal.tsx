import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { age } from '../../lib/age'
import type { Selected } from '../../lib/route'
import { Button } from '../../ui/Button'
import { useConsole } from '../../ui/console'
import { MenuButton } from '../../ui/Menu'
import { Empty } from '../../ui/State'
import type { WorkspaceShell } from '../../wire/api'
import { readShells } from '../../wire/files'
import { OneShell } from './OneShell'
import { added, closed, named, restored, save, type Tabs } from './tabs'
import css from './terminal.module.css'

interface Props {
  workspace: Selected
  /** What stands beside the shells: their files. */
  beside?: ReactNode
  tools?: ReactNode
}

/** The shells of a workspace, one behind the other. They run on when the page goes, and are here again after a reload. */
export function Terminal({ workspace, beside, tools }: Props) {
  const console = useConsole()
  const [tabs, setTabs] = useState<Tabs>(() => restored(workspace))
  const [others, setOthers] = useState<readonly WorkspaceShell[]>([])
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => save(workspace, tabs), [workspace, tabs])
  const look = useCallback(() => {
    readShells(workspace).then(
      ({ shells }) =>
        setOthers(shells.filter(({ state, stopped_ms }) => state !== 'STOPPED' || stopped_ms !== undefined)),
      () => setOthers([]),
    )
  }, [workspace])
  // With each shell that comes or goes the list of all is another.
  const known = tabs.tabs.map(({ shell }) => shell).join(' ')
  useEffect(() => {
    if (known !== '') look()
  }, [known, look])
  const elsewhere = others.filter(({ id }) => !tabs.tabs.some(({ shell }) => shell === id))
  const more = `${elsewhere.length} more ${elsewhere.length === 1 ? 'shell' : 'shells'}`
  const leave = () => list.current?.querySelector<HTMLElement>('[aria-selected=true]')?.focus()
  return (
    <div className={css.terminal} data-scope="terminal">
      <div className={css.bar}>
        <div ref={list} className={css.tabs} role="tablist" aria-label="Shells">
          {tabs.tabs.map(({ key, shell }, at) => (
            <span key={key} className={css.tab} data-active={key === tabs.active} role="presentation">
              <button
                type="button"
                role="tab"
                id={`shell-${key}`}
                aria-selected={key === tabs.active}
                aria-controls={`screen-${key}`}
                tabIndex={key === tabs.active ? 0 : -1}
                title={shell}
                onClick={() => setTabs((before) => ({ ...before, active: key }))}
                onKeyDown={(event) => {
                  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
                  const next = tabs.tabs[(at + step + tabs.tabs.length) % tabs.tabs.length]
                  if (step !== 0 && next) setTabs((before) => ({ ...before, active: next.key }))
                }}
              >
                Shell {at + 1}
              </button>
            </span>
          ))}
        </div>
        {tabs.active !== 0 && (
          <Button bare icon="close" title="Leave this shell: it runs on" onClick={() => drop(tabs.active)}>
            Leave this shell
          </Button>
        )}
        <Button bare icon="add" onClick={() => setTabs((before) => added(before))}>
          New shell
        </Button>
        <span className={css.space} />
        {elsewhere.length > 0 && (
          <MenuButton
            label={`${more} without a tab here`}
            className={css.others ?? ''}
            items={elsewhere.map((one) => ({
              title: `${one.command || 'shell'} · ${standing(one)} · ${age(Date.now(), one.created_ms)}`,
              run: () => setTabs((before) => added(before, one.id)),
            }))}
          >
            {more}
          </MenuButton>
        )}
        {tools}
      </div>
      <div className={css.body}>
        {beside}
        <div className={css.shells}>
          {tabs.tabs.length === 0 && (
            <Empty title="No shell is open here">
              <Button look="primary" onClick={() => setTabs((before) => added(before))}>
                New shell
              </Button>
            </Empty>
          )}
          {tabs.tabs.map(({ key, shell }) => (
            <Kept key={key} shown={key === tabs.active} label={`shell-${key}`} id={`screen-${key}`}>
              <OneShell
                place={workspace}
                shell={shell}
                shown={key === tabs.active}
                named={(id) => setTabs((before) => named(before, key, id))}
                over={() => setTabs((before) => closed(before, key))}
                leave={leave}
              />
            </Kept>
          ))}
        </div>
      </div>
    </div>
  )

  function drop(key: number) {
    const shell = tabs.tabs.find((tab) => tab.key === key)?.shell
    if (shell) console.results.add(true, 'the shell runs on: it is in the list of shells')
    setTabs((before) => closed(before, key))
  }
}

/** How a shell stands; of one that ended with its workspace, what ran in it. */
function standing({ state, viewers, stopped_ms, resume }: WorkspaceShell): string {
  if (stopped_ms !== undefined) return resume ? `ended at the stop, ran ${resume}` : 'ended at the stop'
  return state === 'DETACHED' ? 'left' : `${viewers} looking`
}

/** Made when it is first looked at, and kept from then on. */
function Kept({ shown, label, id, children }: { shown: boolean; label: string; id: string; children: ReactNode }) {
  const [seen, setSeen] = useState(shown)
  useEffect(() => {
    if (shown) setSeen(true)
  }, [shown])
  return (
    <div id={id} className={css.kept} role="tabpanel" aria-labelledby={label} hidden={!shown}>
      {seen && children}
    </div>
  )
}
