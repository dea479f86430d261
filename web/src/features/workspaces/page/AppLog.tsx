import { useEffect, useRef, useState } from 'react'
import { clock, day } from '../../../lib/time'
import { Button } from '../../../ui/Button'
import { Problem } from '../../../ui/Problem'
import { Empty } from '../../../ui/State'
import { Virtual } from '../../../ui/Virtual'
import type { ErrorBody } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { type AppLine, followAppLog, type Place } from '../../../wire/workspaces'
import type { App } from './inside'
import css from './logs.module.css'

const MOST = 5000

/** The log of one app, as it is written: how it was installed, and what it prints. */
export function AppLog({ workspace, app, close }: { workspace: Place; app: App; close: () => void }) {
  const { cluster, namespace, name } = workspace
  const [lines, setLines] = useState<readonly AppLine[]>([])
  const [error, setError] = useState<ErrorBody | null>(null)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const abort = new AbortController()
    setLines([])
    setError(null)
    const take = (line: AppLine) => setLines((now) => [...now, line].slice(-MOST))
    followAppLog({ cluster, namespace, name }, app.id, take, abort.signal).catch((thrown) => {
      if (!abort.signal.aborted) setError(errorBody(thrown))
    })
    return () => abort.abort()
  }, [cluster, namespace, name, app.id])
  const count = lines.length
  useEffect(() => {
    const list = count > 0 ? box.current?.querySelector('[role=region]') : null
    if (list) list.scrollTop = list.scrollHeight
  }, [count])
  return (
    <div className={css.logs}>
      <div className={css.tools}>
        <h3>Log of {app.name}</h3>
        <span className={css.space} />
        <Button onClick={close}>Close</Button>
      </div>
      {error !== null && <Problem error={error} before="the log could not be read: " role="alert" />}
      <div ref={box} className={css.box}>
        {count > 0 ? (
          <Virtual count={count} label={`Log of ${app.name}`} className={css.list}>
            {(at) => <Line line={lines[at]} />}
          </Virtual>
        ) : (
          <Empty title="Nothing was written yet">
            <p>How {app.name} is installed, and what it prints, stands here as it is written.</p>
          </Empty>
        )}
      </div>
    </div>
  )
}

function Line({ line }: { line: AppLine | undefined }) {
  if (line === undefined) return null
  const { ms, level, component, text } = line
  const wrong = level === 'error' || level === 'err'
  return (
    <span className={css.line}>
      <time title={`${day(ms)} ${clock(ms)}`}>{clock(ms)} </time>
      <span className={wrong ? css.error : level === 'warn' ? css.warn : css.from}>
        {wrong ? '■ ' : level === 'warn' ? '▲ ' : ''}
        {component}{' '}
      </span>
      {text}
    </span>
  )
}
