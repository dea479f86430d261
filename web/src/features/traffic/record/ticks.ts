/** What went wrong with a connection, and when, as its records tell: of counters, only between which two of them. */

import { text } from '../../../lib/json'
import { grouped } from '../../../lib/text'
import { number } from './model'

export interface Tick {
  kind: 'repeated' | 'closed window' | 'reset' | 'missing' | 'lost'
  fromUs: number
  us: number
  help: string
}

/** Shapes that go with the colours. */
export const TICK_SHAPES: Readonly<Record<Tick['kind'], string>> = {
  repeated: '▲',
  'closed window': '◆',
  reset: '■',
  missing: '',
  lost: '',
}

const SIDES = [
  ['c', 'client'],
  ['s', 'server'],
] as const

export function ticks(records: readonly unknown[]): Tick[] {
  const found: Tick[] = []
  const flows = records.filter((one) => text(one, 'kind') === 'flow')
  flows.sort((a, b) => (number(a, 'end') ?? 0) - (number(b, 'end') ?? 0))
  let before: unknown = null
  for (const flow of flows) {
    const end = number(flow, 'end') ?? number(flow, 'ts') ?? 0
    const from = (before === null ? number(flow, 'start') : number(before, 'end')) ?? end
    for (const [side, name] of SIDES) {
      const more = (counter: string) =>
        (number(flow, `${side}.${counter}`) ?? 0) - (number(before, `${side}.${counter}`) ?? 0)
      const add = (kind: Tick['kind'], many: number, what: string) => {
        if (many > 0)
          found.push({ kind, fromUs: from, us: Math.max(0, end - from), help: `${name}: ${grouped(many)} ${what}` })
      }
      add('repeated', more('retrans'), 'segments repeated')
      add('closed window', more('zero_win'), 'times no room for more')
    }
    if (text(flow, 'status') === 'reset' && text(before, 'status') !== 'reset')
      found.push({ kind: 'reset', fromUs: end, us: 0, help: 'reset' })
    before = flow
  }
  for (const one of records) {
    const kind = text(one, 'kind')
    if (kind === 'gap') {
      const help = `${grouped(number(one, 'len') ?? 0)} bytes of the ${text(one, 'side')} are missing: ${text(one, 'cause')}`
      found.push({ kind: 'missing', fromUs: number(one, 'ts') ?? 0, us: 0, help })
    } else if (kind === 'loss') {
      const [from, to] = [number(one, 'from') ?? number(one, 'ts') ?? 0, number(one, 'to') ?? 0]
      const help = `packets were lost: ${text(one, 'cause')}`
      found.push({ kind: 'lost', fromUs: from, us: Math.max(0, to - from), help })
    }
  }
  return found.sort((a, b) => a.fromUs - b.fromUs)
}
