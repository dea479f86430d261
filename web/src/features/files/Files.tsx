import { type DragEvent, useEffect, useMemo, useRef, useState } from 'react'
import { isString, remember, remembered } from '../../lib/remembered'
import type { Selected } from '../../lib/route'
import { useCommands } from '../../ui/commands'
import { useConsole, useStore } from '../../ui/console'
import { PlacedMenu, type Place as Spot } from '../../ui/Menu'
import { Problem } from '../../ui/Problem'
import { Failed, Skeleton } from '../../ui/State'
import { quoted, shellOf } from '../../ui/shells'
import type { ErrorBody, FileEntry } from '../../wire/api'
import { downloadOf } from '../../wire/files'
import { errorBody } from '../../wire/rest'
import { type Ask, Asking } from './Asking'
import { change } from './change'
import { Entries, offered } from './Entries'
import css from './files.module.css'
import { above, ordered } from './listing'
import { Progress } from './Progress'
import { Tools } from './Tools'
import { Uploads } from './uploads'
import { useFolder } from './useFolder'
import { useFollowed } from './useFollowed'
import { useHeldFocus } from './useHeldFocus'

interface Props {
  workspace: Selected
  /** Beside a terminal: less room, and the shell may be followed. */
  narrow?: boolean
}

/** The files of a workspace: one folder at a time. */
export function Files({ workspace, narrow = false }: Props) {
  const console = useConsole()
  const [path, setPath] = useState('')
  const [hidden, setHidden] = useState(() => remembered('files.hidden', '', isString) === 'yes')
  const [follow, setFollow] = useState(narrow)
  const [at, setAt] = useState(0)
  const [ask, setAsk] = useState<Ask | null>(null)
  const [fault, setFault] = useState<ErrorBody | null>(null)
  const [over, setOver] = useState(false)
  const [menu, setMenu] = useState<Spot | null>(null)
  const { value: list, error, busy, again } = useFolder(workspace, path, hidden)
  const entries = useMemo(() => ordered(list?.entries ?? []), [list])
  const root = useRef<HTMLElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  /** What is to be chosen when the folder is read again. */
  const wanted = useRef('')
  const shell = useStore(shellOf(workspace))
  const uploads = useMemo(() => new Uploads(workspace, console.wants, again), [workspace, console, again])
  useEffect(() => () => uploads.close(), [uploads])
  useFollowed(shell, follow, (folder) => go(folder))
  useEffect(() => {
    const found = entries.findIndex(({ name }) => name === wanted.current)
    if (found >= 0) setAt(found)
    wanted.current = ''
  }, [entries])
  const here = list?.path ?? path
  const chosen = entries[Math.min(at, entries.length - 1)]
  const focus = useHeldFocus(root, entries.length === 0)

  useCommands(console.commands, {
    'files.open': () => chosen && open(chosen),
    'files.up': () => {
      wanted.current = here.split('/').pop() ?? ''
      go(above(here))
    },
    'files.home': () => go(''),
    'files.folder': () => setAsk({ is: 'folder' }),
    'files.upload': () => picker.current?.click(),
    'files.download': () => chosen && !chosen.odd && download(chosen),
    'files.hidden': toggle,
    'files.rename': () => chosen && setAsk({ is: 'rename', entry: chosen }),
    'files.delete': () => chosen && setAsk({ is: 'delete', entry: chosen }),
    'files.menu': () => {
      const row = root.current?.querySelector('[role=option][aria-selected=true]')?.getBoundingClientRect()
      if (row !== undefined) setMenu({ x: row.left + 24, y: row.bottom })
    },
    'files.reload': again,
    'files.cd': { run: cd, reason: () => (shell === null ? 'no shell is on the screen' : null) },
  })

  if (list === null) {
    if (error === null) return <Skeleton lines={10} />
    return <Failed error={error} tried={`reading ${path || 'the home'} of ${workspace.name}`} onRetry={again} />
  }
  return (
    <section
      ref={root}
      className={`${css.files} ${narrow ? css.narrow : ''} ${over ? css.over : ''}`}
      data-scope="files"
      aria-label="Files"
      tabIndex={-1}
      onDragOver={(event) => dragged(event, true)}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => dropped(event, here)}
    >
      <Tools
        path={here}
        home={list.home}
        narrow={narrow}
        hidden={hidden}
        follow={shell === null ? null : follow}
        go={go}
        setFollow={setFollow}
        take={(files) => uploads.add(here, files)}
        picker={picker}
      />
      {error !== null && <Problem error={error} before="the folder could not be read: " role="alert" />}
      {fault !== null && <Problem error={fault} role="alert" />}
      {ask !== null && (
        <Asking
          key={`${ask.is} ${ask.is === 'folder' ? '' : ask.entry.path}`}
          ask={ask}
          answer={(text) => void carry(ask, text)}
          leave={() => {
            setAsk(null)
            focus()
          }}
        />
      )}
      <Entries
        entries={entries}
        hidden={list.hidden}
        busy={busy}
        at={at}
        narrow={narrow}
        choose={setAt}
        open={() => chosen && open(chosen)}
        menu={setMenu}
        dropped={dropped}
      />
      <Progress uploads={uploads} />
      {chosen !== undefined && (
        <PlacedMenu
          at={menu}
          heading={chosen.name}
          items={offered(chosen, (command) => void console.commands.run(command))}
          onClose={() => setMenu(null)}
        />
      )}
    </section>
  )

  function go(to: string): void {
    setFault(null)
    setAsk(null)
    if (to !== path) setAt(0)
    setPath(to)
  }

  function toggle(): void {
    remember('files.hidden', hidden ? '' : 'yes')
    setHidden(!hidden)
  }

  function open(entry: FileEntry): void {
    if (entry.dir) go(entry.path)
    else if (!entry.odd) download(entry)
  }

  function download(entry: FileEntry): void {
    const link = document.createElement('a')
    link.href = downloadOf(workspace, entry.path, entry.dir)
    link.download = ''
    link.click()
  }

  function cd(): void {
    shell?.type(` cd -- ${quoted(here)}\r`)
    shell?.focus()
  }

  async function carry(ask: Ask, text: string): Promise<void> {
    setFault(null)
    if (ask.is !== 'delete') wanted.current = text
    try {
      await change(console.wants, workspace, here, ask, text)
    } catch (thrown) {
      setFault(errorBody(thrown))
    }
    setAsk(null)
    again()
    focus()
  }

  function dragged(event: DragEvent, on: boolean): void {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setOver(on)
  }

  function dropped(event: DragEvent, folder: string): void {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    event.stopPropagation()
    setOver(false)
    uploads.add(folder, [...event.dataTransfer.files])
  }
}
