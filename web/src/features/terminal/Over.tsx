import { Button } from '../../ui/Button'
import { useStore } from '../../ui/console'
import type { Screen } from './screen'
import css from './terminal.module.css'

/** What is said over a screen: that it is lost and comes back, that the shell ended, that somebody else types, that a paste is long. */
export function Over({ screen, over }: { screen: Screen; over: () => void }) {
  const { terminal } = screen
  const state = useStore(terminal.state)
  const paste = useStore(screen.paste)
  if (paste !== null) {
    const lines = paste.replace(/[\r\n]+$/, '').split(/\r\n|\r|\n/).length
    return (
      <Note kind="ask" words={`Paste ${lines} lines? The shell runs each as it comes.`}>
        <Button look="primary" autoFocus onClick={() => screen.agree()}>
          Paste
        </Button>
        <Button
          look="outlined"
          onClick={() => {
            screen.paste.set(null)
            screen.xterm.focus()
          }}
        >
          Leave it
        </Button>
      </Note>
    )
  }
  switch (state.is) {
    case 'opening':
      return <Note kind="calm" words="Opening a shell…" />
    case 'lost':
      return (
        <Note kind="warn" words={`The connection is lost; the shell runs on. Coming back to it… (${state.message})`}>
          <Button look="outlined" onClick={terminal.open}>
            Now
          </Button>
        </Note>
      )
    case 'exited':
      return (
        <Note kind="calm" words={ended(state.code, state.signal)}>
          <Button look="primary" autoFocus onClick={terminal.anew}>
            New shell
          </Button>
          <Button look="outlined" onClick={over}>
            Close
          </Button>
        </Note>
      )
    case 'detached':
      return (
        <Note kind="calm" words="The shell runs on without this screen.">
          <Button look="primary" autoFocus onClick={terminal.open}>
            Come back
          </Button>
          <Button look="outlined" onClick={over}>
            Close
          </Button>
        </Note>
      )
    case 'failed': {
      const gone = state.error.code === 'not_found'
      return (
        <Note
          kind="bad"
          words={gone ? 'This shell has ended.' : state.error.message}
          code={gone ? '' : state.error.code}
        >
          <Button look="primary" autoFocus onClick={gone ? terminal.anew : terminal.open}>
            {gone ? 'New shell' : 'Try again'}
          </Button>
          <Button look="outlined" onClick={over}>
            Close
          </Button>
        </Note>
      )
    }
    case 'open':
      if (state.writes) return null
      return (
        <Note kind="calm" words="Somebody else types in this shell; you look on.">
          <Button look="outlined" onClick={terminal.take}>
            Type here
          </Button>
        </Note>
      )
  }
}

function ended(code: number, signal: string): string {
  if (signal !== '') return `The shell was ended by ${signal}.`
  return code === 0 ? 'The shell has ended.' : `The shell has ended with ${code}.`
}

const MARKS = { calm: '◆', ask: '◆', warn: '▲', bad: '■' } as const

function Note(props: { kind: keyof typeof MARKS; words: string; code?: string; children?: React.ReactNode }) {
  return (
    <div className={`${css.note} ${css[props.kind]}`} role="status">
      <i aria-hidden="true">{MARKS[props.kind]}</i>
      <span className={css.words}>
        {props.words} {props.code ? <code>{props.code}</code> : null}
      </span>
      {props.children}
    </div>
  )
}
