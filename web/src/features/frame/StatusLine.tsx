import { Fragment, useEffect, useState } from 'react'
import { grouped } from '../../lib/text'
import { clock } from '../../lib/time'
import { useConsole, useStore } from '../../ui/console'
import { type Item, MenuButton } from '../../ui/Menu'
import { useRunningTaps } from '../../ui/useTaps'
import type { Source } from '../../wire/api'
import css from './status.module.css'

/** Connection, what is marked, results of one's own acts, refusals. One line, never over the rows. */
export function StatusLine() {
  const console = useConsole()
  const marked = useStore(console.marked)
  const session = useStore(console.session)
  const head = useStore(console.list.head)
  const denied = head.sources.reduce(
    (sum, { state, denied }) => sum + (state.is === 'denied' ? 1 : (denied?.length ?? 0)),
    0,
  )
  return (
    <footer className={css.status}>
      <LinkState />
      <Sources />
      <Notes />
      {Math.abs(console.socket.clock.skew()) > 30_000 && (
        <span className={css.warn}>
          ▲ this computer’s clock is off by {Math.round(Math.abs(console.socket.clock.skew()) / 1000)} s
        </span>
      )}
      <RunningTaps />
      {marked > 0 && <span>{grouped(marked)} marked</span>}
      <span className={css.space} />
      <LastResult />
      {session.read_only && <span title="started with --read-only: acts are hidden">◆ read-only</span>}
      {denied > 0 && (
        <span className={css.warn} title={deniedWords(head.sources)}>
          ▲ {denied} denied
        </span>
      )}
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

/** What runs wherever one stands: taps, and how many. */
function RunningTaps() {
  const { navigation } = useConsole()
  const running = useRunningTaps()
  const [first] = running
  if (first === undefined) return null
  const one = running.length === 1
  return (
    <button
      type="button"
      className={css.note}
      title={running.map(({ title }) => title).join('\n')}
      onClick={() =>
        navigation.traffic({ tap: one ? first.id : null, record: null, chip: '' }, { filter: '', sort: [] })
      }
    >
      ◆ {one ? '1 tap' : `${running.length} taps`}
    </button>
  )
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

/** What the rows do not show: a time that was not seen, objects that could not be read whole, a poorer way of asking. */
function Notes() {
  const { list } = useConsole()
  const { sources } = useStore(list.head)
  const [closed, setClosed] = useState(0)
  const several = sources.length > 1
  return sources.map(({ cluster, gap, partial = 0, unreadable = 0, way = '' }) => {
    const of = several ? `${cluster}: ` : ''
    return (
      <Fragment key={cluster}>
        {gap !== undefined && gap.until_ms > closed && (
          <button
            type="button"
            className={css.note}
            title={`history_gap: the watch could not go on and the list was read anew. The rows are right; what came and went between ${clock(gap.from_ms)} and ${clock(gap.until_ms)} was not seen. Click to put this away.`}
            onClick={() => setClosed(gap.until_ms)}
          >
            ◆ {of}gap {clock(gap.from_ms)}–{clock(gap.until_ms)}
          </button>
        )}
        {partial > 0 && (
          <span
            className={css.warn}
            title="decode_partial: the rows with ▲ before their name could be read only in part; the sign says why."
          >
            ▲ {of}
            {grouped(partial)} read in part
          </span>
        )}
        {unreadable > 0 && (
          <span
            className={css.warn}
            title="decode_partial: these objects could not be read at all. They have no row, or that of before."
          >
            ▲ {of}
            {grouped(unreadable)} unreadable
          </span>
        )}
        {way.startsWith('lists') && (
          <span title="The kind can be listed and not watched, so it is listed again each half minute.">
            ◆ {of}every 30 s
          </span>
        )}
      </Fragment>
    )
  })
}

/** Which namespaces are denied, one a line. */
function deniedWords(sources: readonly Source[]): string {
  const errors = sources.flatMap(({ state, denied }) => (state.is === 'denied' ? [state.error] : (denied ?? [])))
  return errors.map((error) => error.message).join('\n')
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
        <MenuButton
          items={items}
          className={css.result}
          label={`Results, newest: ${last.text}${all.length > 1 ? ` +${all.length - 1}` : ''}`}
        >
          <i className={last.good ? css.ok : css.bad}>{last.good ? '●' : '■'}</i> {last.text}
          {all.length > 1 && <span className={css.more}>+{all.length - 1}</span>}
        </MenuButton>
      )}
    </>
  )
}
