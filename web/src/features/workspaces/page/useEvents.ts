/** What happens to one workspace, as it happens: pushed by the server, resumed by the browser. */

import { useEffect, useState } from 'react'
import type { Selected } from '../../../lib/route'
import type { WorkspaceEvent, WorkspaceHandshake } from '../../../wire/api'
import { Backoff } from '../../../wire/backoff'
import { eventsOf } from '../../../wire/workspaces'

export interface Following {
  /** Oldest first. */
  events: readonly WorkspaceEvent[]
  /** The workspace is gone. */
  gone: boolean
  /** The stream is open. */
  live: boolean
  /** Grows with whatever is told. */
  moves: number
}

const NOTHING: Following = { events: [], gone: false, live: false, moves: 0 }
/** More is not shown; the events of its pod are a list of their own. */
const MOST = 500

export function useEvents({ cluster, namespace, name }: Selected): Following {
  const [state, setState] = useState(NOTHING)
  useEffect(() => {
    const backoff = new Backoff()
    let source: EventSource | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    let over = false
    const take = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as WorkspaceEvent
      setState((now) => ({
        ...now,
        events: added(now.events, event),
        gone: now.gone || event.type === 'gone',
        moves: now.moves + 1,
      }))
      if (event.type === 'gone') {
        over = true
        source?.close()
      }
    }
    const open = () => {
      source = new EventSource(eventsOf({ cluster, namespace, name }))
      source.addEventListener('handshake', (message: MessageEvent<string>) => {
        const { resumed, error } = JSON.parse(message.data) as WorkspaceHandshake
        if (error !== '') return setState((now) => ({ ...now, live: false }))
        backoff.reset()
        setState((now) => ({ events: resumed ? now.events : [], gone: false, live: true, moves: now.moves + 1 }))
      })
      source.addEventListener('changed', () => setState((now) => ({ ...now, moves: now.moves + 1 })))
      for (const type of ['status', 'event', 'progress', 'gone']) source.addEventListener(type, take)
      source.onerror = () => {
        setState((now) => ({ ...now, live: false }))
        // What the browser gave up on is asked for again; it opens lost connections by itself.
        if (over || source?.readyState !== EventSource.CLOSED) return
        timer = setTimeout(open, backoff.next())
      }
    }
    open()
    return () => {
      over = true
      clearTimeout(timer)
      source?.close()
    }
  }, [cluster, namespace, name])
  return state
}

function added(events: readonly WorkspaceEvent[], event: WorkspaceEvent): readonly WorkspaceEvent[] {
  if (events.some(({ id }) => id === event.id)) return events
  return [...events, event].slice(-MOST)
}
