/** Everything of one flow on one axis of time. */

import { text } from '../../../lib/json'
import { endpoints, number, title } from './model'
import { type Tick, ticks } from './ticks'

export interface Place {
  id: string
  kind: string
  title: string
  /** Who asked whom. */
  between: string
  status: string
  level: 0 | 1 | 3 | 4
  startUs: number
  us: number
  /** A hole in what was seen. */
  gap: boolean
}

export interface Axis {
  fromUs: number
  us: number
  places: Place[]
  ticks: Tick[]
}

export function axis(records: readonly unknown[]): Axis {
  const places = records.flatMap((one): Place[] => {
    const kind = text(one, 'kind')
    // Only the last word of the flow itself: the others say the same with less.
    if (kind === 'flow' && text(one, 'state') !== 'close') return []
    const start = kind === 'flow' ? number(one, 'start') : number(one, 'ts')
    if (start === null) return []
    const end = number(one, 'end')
    const us =
      kind === 'flow' && end !== null
        ? end - start
        : (number(one, 'total_us') ?? number(one, 'latency_us') ?? number(one, 'hs_us') ?? 0)
    return [
      {
        id: nameOf(one),
        kind,
        title: title(one),
        between: endpoints(one)
          .map(({ name }) => name)
          .join(' → '),
        status: text(one, 'status') || text(one, 'rcode') || text(one, 'error.state'),
        level: levelOf(one),
        startUs: start,
        us: Math.max(0, us),
        gap: kind === 'gap' || kind === 'loss',
      },
    ]
  })
  places.sort((a, b) => a.startUs - b.startUs)
  const marks = ticks(records)
  const fromUs = Math.min(places[0]?.startUs ?? marks[0]?.fromUs ?? 0, marks[0]?.fromUs ?? Number.POSITIVE_INFINITY)
  const ends = [...places.map(({ startUs, us }) => startUs + us), ...marks.map((tick) => tick.fromUs + tick.us)]
  const toUs = ends.reduce((most, end) => Math.max(most, end), fromUs)
  return { fromUs, us: toUs - fromUs, places, ticks: marks }
}

/** What the list calls a record: its number in the tap. */
export const nameOf = (one: unknown): string => text(one, 'n') || text(one, 'id')

export function levelOf(one: unknown): 0 | 1 | 3 | 4 {
  const status = number(one, 'status')
  if (status !== null) return status >= 500 ? 4 : status >= 400 ? 3 : 1
  if (text(one, 'error') !== '' || text(one, 'error.text') !== '' || text(one, 'status') === 'reset') return 4
  const rcode = text(one, 'rcode')
  if (rcode !== '') return rcode === 'NOERROR' ? 1 : 3
  const kind = text(one, 'kind')
  return kind === 'gap' || kind === 'loss' || kind === 'anomaly' ? 3 : 0
}
