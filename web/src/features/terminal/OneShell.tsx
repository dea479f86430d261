import '@xterm/xterm/css/xterm.css'
import { useEffect, useRef, useState } from 'react'
import type { Selected } from '../../lib/route'
import { needsOf } from '../../ui/answers'
import { useCommands } from '../../ui/commands'
import { useConsole, useStore } from '../../ui/console'
import { shellOf } from '../../ui/shells'
import { shellsOf } from '../../wire/terminal'
import { Find } from './Find'
import { themeOf } from './look'
import { Over } from './Over'
import { Screen } from './screen'
import css from './terminal.module.css'

interface Props {
  place: Selected
  /** Empty for a new one. */
  shell: string
  /** It is on the screen. */
  shown: boolean
  named: (shell: string) => void
  over: () => void
  leave: () => void
}

/** One shell on one screen: what it is joined with, and what is said over it. */
export function OneShell({ place, shell, shown, named, over, leave }: Props) {
  const console = useConsole()
  const dark = useStore(console.theme.dark)
  const host = useRef<HTMLDivElement>(null)
  const [screen, setScreen] = useState<Screen | null>(null)
  const [finding, setFinding] = useState(false)
  const first = useRef({ place, shell, named, dark: console.theme.dark.get() })
  useEffect(() => {
    if (host.current === null) return
    const { place, shell, named, dark } = first.current
    const made = new Screen(shellsOf(place), shell, dark)
    const end = made.terminal.shell.watch(() => named(made.terminal.shell.get()))
    made.open(host.current)
    setScreen(made)
    return () => {
      end()
      made.close()
      setScreen(null)
    }
  }, [])
  useEffect(() => {
    if (screen !== null) screen.xterm.options.theme = themeOf(dark)
  }, [screen, dark])
  useEffect(() => {
    if (screen === null || !shown) return
    // Left, it stays as it is, and may be tried again.
    const { terminal } = screen
    let gone = false
    const look = () => {
      const state = terminal.state.get()
      const needs = state.is === 'failed' ? needsOf(state.error) : null
      if (needs === null) return
      const answered = console.wants.ask(`Open a shell in ${place.name}`, 'Open it', needs)
      void answered.then((answers) => {
        if (answers !== null && !gone) terminal.answer(answers)
        if (!gone) screen.xterm.focus()
      })
    }
    look()
    const end = terminal.state.watch(look)
    return () => {
      gone = true
      end()
    }
  }, [screen, shown, place, console])
  useEffect(() => {
    if (screen === null || !shown) return
    screen.fit()
    screen.xterm.focus()
    const { terminal } = screen
    const seat = shellOf(place)
    const mine = {
      cwd: terminal.cwd,
      where: terminal.where,
      type: (text: string) => terminal.type(text),
      focus: () => screen.xterm.focus(),
    }
    seat.set(mine)
    return () => {
      if (seat.get() === mine) seat.set(null)
    }
  }, [screen, shown, place])
  return (
    <div className={css.shell} hidden={!shown} data-shown={shown}>
      <div ref={host} className={css.screen} />
      {screen !== null && shown && (
        <>
          <Keys screen={screen} find={() => setFinding(true)} leave={leave} />
          <Over screen={screen} over={over} />
          {finding && (
            <Find
              search={screen.search}
              close={() => {
                setFinding(false)
                screen.search.clearDecorations()
                screen.xterm.focus()
              }}
            />
          )}
        </>
      )}
    </div>
  )
}

/** What the keys of the console's table do here. */
function Keys({ screen, find, leave }: { screen: Screen; find: () => void; leave: () => void }) {
  const console = useConsole()
  useCommands(console.commands, {
    'terminal.find': find,
    'terminal.leave': leave,
    'terminal.copy': () => {
      const text = screen.copy()
      if (text !== '') void navigator.clipboard?.writeText(text).catch(() => undefined)
    },
  })
  return null
}
