import { useEffect, useState } from 'react'
import { clock } from '../../lib/time'
import { Button } from '../../ui/Button'
import { useConsole, useRoute, useStore } from '../../ui/console'
import css from './banners.module.css'

/** What must be seen before anything else: a production cluster in view, a lost connection. */
export function Banners() {
  const console = useConsole()
  useRoute()
  const production = console.inView().filter((name) => console.cluster(name)?.production)
  return (
    <>
      <Lost />
      <Throttled />
      {production.length > 0 && (
        <div className={css.production} role="note">
          ■ PRODUCTION CONTEXT ACTIVE <span className={css.names}>{production.join(', ')}</span>
        </div>
      )}
    </>
  )
}

/** A cluster that asks to be left alone for longer than one would wait without a word. */
function Throttled() {
  const { list } = useConsole()
  const { sources } = useStore(list.head)
  return sources.map(({ cluster, state }) => {
    if (!('error' in state) || state.error.code !== 'cluster_throttled') return null
    const { retry_after_s: seconds } = (state.error.details ?? {}) as { retry_after_s?: number }
    return (
      <div key={cluster} className={css.throttled} role="status">
        ▲ {cluster} asks to slow down{seconds === undefined ? '' : ` for ${seconds} s`}. The rows stay; what is new
        comes when it answers again.
      </div>
    )
  })
}

function Lost() {
  const { socket } = useConsole()
  const link = useStore(socket.link)
  const [, tick] = useState(0)
  useEffect(() => {
    if (link.is !== 'lost') return
    const timer = setInterval(() => tick((count) => count + 1), 1000)
    return () => clearInterval(timer)
  }, [link])
  if (link.is === 'refused') {
    return (
      <div className={css.lost} role="alert">
        <span>
          ■ Signed out: the server was started anew. Run <code>qd url</code>, open the link, and this tab goes on. The
          rows are those of {clock(link.sinceMs)}.
        </span>
        <Button look="outlined" onClick={socket.reconnect}>
          Reconnect
        </Button>
      </div>
    )
  }
  // The first half second of a reconnect is not worth a banner.
  if (link.is !== 'lost' || socket.clock.now() - link.sinceMs < 400) return null
  const seconds = Math.max(0, Math.ceil((link.retryAtMs - socket.clock.now()) / 1000))
  return (
    <div className={css.lost} role="alert">
      <span>■ Connection lost. The rows are those of {clock(link.sinceMs)}.</span>
      <span className={css.retry}>{seconds > 0 ? `next attempt in ${seconds} s` : 'trying now'}</span>
      <Button look="outlined" onClick={socket.reconnect}>
        Reconnect
      </Button>
    </div>
  )
}
