import { useEffect, useState } from 'react'
import { clock, grouped } from '../../lib/text'
import { useConsole, useStore } from '../../ui/console'
import { type Item, MenuButton } from '../../ui/Menu'
import css from './status.module.css'

/** Connection, what is marked, results of one's own acts, refusals. One line, never over the rows. */
export function StatusLine() {
  const console = useConsole()
  const marked = useStore(console.marked)
  const session = useStore(console.session)
  const head = useStore(console.list.head)
  const denied = head.sources.filter((source) => source.state.is === 'denied').length
  return (
    <footer className={css.status}>
      <LinkState />
      <Sources />
      {Math.abs(console.socket.clock.skew()) > 30_000 && (
        <span className={css.warn}>
          ▲ this computer’s clock is off by {Math.round(Math.abs(console.socket.clock.skew()) / 1000)} s
        </span>
      )}
      {marked > 0 && <span>{grouped(marked)} marked</span>}
      <span className={css.space} />
      <LastResult />
      {session.read_only && <span title="started with --read-only: acts are hidden">◆ read-only</span>}
      {denied > 0 && <span className={css.warn}>▲ {denied} denied</span>}
    </footer>
  )
}

function LinkState() {
  const { socket } = useConsole()
  const link = useStore(socket.link)
  if (link.is === 'live') {
    return (
      <span>
        <i className={css.ok}>●</i> live
      </span>
    )
  }
  if (link.is === 'lost' || link.is === 'refused') {
    return <span className={css.bad}>■ stale since {clock(link.sinceMs)}</span>
  }
  return <span className={css.warn}>▲ connecting</span>
}

/** How the clusters of this list are, where they are not simply live. */
function Sources() {
  const console = useConsole()
  const { sources } = useStore(console.list.head)
  return sources.map(({ cluster, state }) => {
    if (state.is === 'loading')
      return (
        <span key={cluster}>
          {cluster}: loading, {grouped(state.loaded)} so far
        </span>
      )
    if (state.is === 'stale') {
      return (
        <span key={cluster} className={css.warn} title={state.error.message}>
          ▲ {cluster}: stale since {clock(state.since_ms)} · {state.error.code}
        </span>
      )
    }
    if (state.is === 'unreachable') {
      return (
        <span key={cluster} className={css.bad} title={state.error.message}>
          ■ {cluster}: {state.error.code}
        </span>
      )
    }
    return null
  })
}

function LastResult() {
  const { results } = useConsole()
  const all = useStore(results.all)
  const [last] = all
  const [said, setSaid] = useState('')
  // The live region speaks at most once in five seconds.
  useEffect(() => {
    const timer = setTimeout(() => setSaid(last?.text ?? ''), said === '' ? 0 : 5000)
    return () => clearTimeout(timer)
  }, [last, said])
  const items: Item[] = [
    ...all
      .slice(0, 12)
      .map((result) => ({ title: `${result.good ? '●' : '■'} ${clock(result.atMs)} ${result.text}`, run: () => {} })),
    { title: 'Clear', apart: true, run: results.clear },
  ]
  return (
    <>
      <span className="unseen" role="status">
        {said}
      </span>
      {last !== undefined && (
        <MenuButton items={items} className={css.result} label={`Results, newest: ${last.text}`}>
          <i className={last.good ? css.ok : css.bad}>{last.good ? '●' : '■'}</i> {last.text}
          {all.length > 1 && <span className={css.more}>+{all.length - 1}</span>}
        </MenuButton>
      )}
    </>
  )
}
