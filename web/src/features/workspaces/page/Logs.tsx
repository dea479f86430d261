import { useEffect, useRef, useState } from 'react'
import { grouped } from '../../../lib/text'
import { clock, day } from '../../../lib/time'
import { Button } from '../../../ui/Button'
import { Choices } from '../../../ui/Choices'
import { copy } from '../../../ui/clipboard'
import { useConsole } from '../../../ui/console'
import { Empty, Failed, Skeleton } from '../../../ui/State'
import { Virtual } from '../../../ui/Virtual'
import type { ErrorBody, Workspace } from '../../../wire/api'
import { logLine } from './logLine'
import css from './logs.module.css'
import { came, type Log, MOST, useLogs } from './useLogs'

const RUNS = [
  [false, 'This run'],
  [true, 'The run before'],
] as const

/** What its main container writes: the newest lines, held still on demand. */
export function Logs({ workspace }: { workspace: Workspace }) {
  const console = useConsole()
  const [previous, setPrevious] = useState(false)
  const [attempt, setAttempt] = useState(0)
  // What was there when it was held: the ring goes on behind it.
  const [held, setHeld] = useState<Log | null>(null)
  const log = useLogs(workspace, previous, attempt, !previous)
  const box = useRef<HTMLDivElement>(null)
  const { lines, dropped } = held ?? log
  const count = lines.length
  const behind = held === null ? 0 : came(log) - came(held)
  useEffect(() => {
    if (held !== null || count === 0) return
    const list = box.current?.querySelector('[role=region]')
    if (list) list.scrollTop = list.scrollHeight
  }, [count, held])
  const text = () => lines.join('\n')
  const again = () => {
    setHeld(null)
    setAttempt(attempt + 1)
  }
  const save = () => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([`${text()}\n`], { type: 'text/plain' }))
    link.download = `${workspace.name}.log`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }
  return (
    <div className={css.logs}>
      <div className={css.tools}>
        <Choices
          legend="Which run"
          of={RUNS}
          chosen={previous}
          choose={(next) => {
            setHeld(null)
            setPrevious(next)
          }}
        />
        <span className={css.count}>
          {grouped(count)} lines
          {dropped > 0 && `, the newest ${grouped(MOST)}; ${grouped(dropped)} before`}
          {behind > 0 && `, ${grouped(behind)} behind`}
        </span>
        <span className={css.space} />
        <Button aria-pressed={held !== null} onClick={() => setHeld(held === null ? log : null)}>
          {held === null ? 'Pause' : 'Follow'}
        </Button>
        <Button onClick={again}>Read again</Button>
        <Button disabled={count === 0} onClick={() => copy(console, text(), `${grouped(count)} lines`)}>
          Copy
        </Button>
        <Button disabled={count === 0} onClick={save}>
          Download
        </Button>
      </div>
      <div ref={box} className={css.box}>
        {body()}
      </div>
    </div>
  )

  function body() {
    if (count > 0) {
      return (
        <Virtual count={count} label="Lines of its log" className={css.list}>
          {(at) => <Line line={lines[at] ?? ''} />}
        </Virtual>
      )
    }
    if (log.error !== null && !(previous && isFirstRun(log.error)))
      return <Failed error={log.error} tried={`reading the log of ${workspace.name}`} onRetry={again} />
    if (log.reading) return <Skeleton lines={8} />
    return (
      <Empty title={previous ? 'There was no run before' : 'Nothing was written yet'}>
        <p>What the main container writes to its standard output and errors stands here.</p>
      </Empty>
    )
  }
}

/** Only the words of the kubelet tell that there is no run before this one. */
const isFirstRun = ({ code, message }: ErrorBody) =>
  code === 'cluster_error' && /previous terminated container .* not found/.test(message)

function Line({ line }: { line: string }) {
  const { atMs, level, component, text } = logLine(line)
  return (
    <span className={css.line}>
      {atMs !== null && <time title={`${day(atMs)} ${clock(atMs)}`}>{clock(atMs)} </time>}
      {component !== '' && (
        <span className={level === 'error' ? css.error : level === 'warn' ? css.warn : css.from}>
          {level === 'error' ? '■ ' : level === 'warn' ? '▲ ' : ''}
          {component}{' '}
        </span>
      )}
      {text}
    </span>
  )
}
