import { useEffect, useRef, useState } from 'react'
import { grouped } from '../../../lib/text'
import { clock, day } from '../../../lib/time'
import { Button } from '../../../ui/Button'
import { Choices } from '../../../ui/Choices'
import { copy } from '../../../ui/clipboard'
import { useConsole } from '../../../ui/console'
import { Empty, Failed, Skeleton } from '../../../ui/State'
import { Virtual } from '../../../ui/Virtual'
import type { Workspace } from '../../../wire/api'
import { logLine } from './logLine'
import css from './logs.module.css'
import { MOST, useLogs } from './useLogs'

const RUNS = [
  [false, 'This run'],
  [true, 'The run before'],
] as const

/** What its main container writes: the newest lines, held still on demand. */
export function Logs({ workspace }: { workspace: Workspace }) {
  const console = useConsole()
  const [previous, setPrevious] = useState(false)
  const [attempt, setAttempt] = useState(0)
  const [held, setHeld] = useState<number | null>(null)
  const log = useLogs(workspace, previous, attempt, !previous)
  const box = useRef<HTMLDivElement>(null)
  const count = held ?? log.lines.length
  useEffect(() => {
    if (held !== null || count === 0) return
    const list = box.current?.querySelector('[role=region]')
    if (list) list.scrollTop = list.scrollHeight
  }, [count, held])
  const text = () => log.lines.join('\n')
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
        <Choices legend="Which run" of={RUNS} chosen={previous} choose={setPrevious} />
        <span className={css.count}>
          {grouped(count)} lines
          {log.dropped > 0 && `, the newest ${grouped(MOST)}; ${grouped(log.dropped)} before`}
          {held !== null && log.lines.length > held && `, ${grouped(log.lines.length - held)} behind`}
        </span>
        <span className={css.space} />
        <Button aria-pressed={held !== null} onClick={() => setHeld(held === null ? log.lines.length : null)}>
          {held === null ? 'Pause' : 'Follow'}
        </Button>
        <Button onClick={() => setAttempt(attempt + 1)}>Read again</Button>
        <Button disabled={count === 0} onClick={() => copy(console, text(), `${grouped(log.lines.length)} lines`)}>
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
          {(at) => <Line line={log.lines[at] ?? ''} />}
        </Virtual>
      )
    }
    if (log.error !== null)
      return (
        <Failed
          error={log.error}
          tried={`reading the log of ${workspace.name}`}
          onRetry={() => setAttempt(attempt + 1)}
        />
      )
    if (log.reading) return <Skeleton lines={8} />
    return (
      <Empty title={previous ? 'There was no run before' : 'Nothing was written yet'}>
        <p>What the main container writes to its standard output and errors stands here.</p>
      </Empty>
    )
  }
}

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
