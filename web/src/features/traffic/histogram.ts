/** Lengths of time on one axis, logarithmic or linear. */

import type { TapHistogram, TapHistograms } from '../../wire/api'

export interface Scale {
  /** Microseconds at the two ends: powers of ten, or 0 and a round number. */
  from: number
  to: number
  linear: boolean
}

type Buckets = ReadonlyArray<readonly [us: number, count: number]>
type Group = Pick<TapHistogram, 'buckets'>

/** The axis that holds all of them. */
export function scaleOf(groups: readonly Group[], linear = false): Scale {
  const all = groups.flatMap(({ buckets }) => buckets.map(([us]) => Math.max(1, us)))
  const least = all.length === 0 ? 1 : all.reduce((a, b) => Math.min(a, b))
  const most = all.length === 0 ? 1 : all.reduce((a, b) => Math.max(a, b))
  if (linear) return { from: 0, to: rounded(most * 1.125), linear }
  const from = 10 ** Math.floor(Math.log10(least))
  const to = 10 ** Math.ceil(Math.log10(most + 1))
  return { from, to: to > from ? to : from * 10, linear }
}

/** The next of 1, 2, 5 with zeros behind it. */
function rounded(us: number): number {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, us)))
  return ([1, 2, 5, 10].find((step) => step * ten >= us) ?? 10) * ten
}

/** A thin line over the axis, as high as its highest bucket allows; what was not seen stands on the ground. */
export function plot(buckets: Buckets, scale: Scale, width: number, height: number): string {
  const highest = buckets.reduce((most, [, count]) => Math.max(most, count), 0)
  if (highest === 0) return ''
  const span = Math.log10(scale.to / scale.from)
  const x = (us: number) =>
    scale.linear ? (width * us) / scale.to : (width * Math.log10(Math.max(1, us) / scale.from)) / span
  const y = (count: number) => height - 1 - ((height - 2) * count) / highest
  const ground = y(0)
  const round = (value: number) => Math.round(value * 10) / 10
  return buckets
    .filter(([, count]) => count > 0)
    .map(([us, count]) => {
      // A bucket is up to an eighth wide.
      const [left, right] = [round(x(us)), round(Math.min(width, x(us * 1.125)))]
      return `M${left} ${ground}V${round(y(count))}H${Math.max(left + 1, right)}V${ground}`
    })
    .join('')
}

/** One route now, and as it was in the other range. */
export interface Pair {
  kind: string
  what: string
  now: TapHistogram | null
  before: TapHistogram | null
}

/** Routes of both ranges, each once, the most frequent first. */
export function pairs(now: TapHistograms, before: TapHistograms | null): Pair[] {
  const key = ({ kind, what }: Pick<TapHistogram, 'kind' | 'what'>) => `${kind} ${what}`
  const earlier = new Map(before?.groups.map((group) => [key(group), group]))
  const found = now.groups.map((group): Pair => {
    const other = earlier.get(key(group)) ?? null
    earlier.delete(key(group))
    return { kind: group.kind, what: group.what, now: group, before: other }
  })
  for (const group of earlier.values()) found.push({ kind: group.kind, what: group.what, now: null, before: group })
  return found
}

/** `+12 %` of a length of time against that of before; null where one of them is unknown. */
export function change(now: number | null | undefined, before: number | null | undefined): string | null {
  if (now === null || now === undefined || before === null || before === undefined || before === 0) return null
  const part = Math.round((100 * (now - before)) / before)
  return part === 0 ? '±0 %' : `${part > 0 ? '+' : '−'}${Math.abs(part)} %`
}
