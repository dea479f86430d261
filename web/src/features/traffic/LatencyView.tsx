import { useCallback } from 'react'
import { micros } from '../../lib/cell'
import type { By } from '../../lib/route'
import { grouped } from '../../lib/text'
import { clock } from '../../lib/time'
import { Choices } from '../../ui/Choices'
import { useCommands } from '../../ui/commands'
import { useConsole } from '../../ui/console'
import { keyOf } from '../../ui/Menu'
import { Empty, Failed, Skeleton } from '../../ui/State'
import type { TapHistogram, TapHistograms } from '../../wire/api'
import { readHistograms } from '../../wire/taps'
import { left, right, Sums, time } from './figures'
import { change, type Pair, pairs, plot, type Scale, scaleOf } from './histogram'
import css from './summary.module.css'
import { useSummary } from './useReread'

interface Both {
  now: TapHistograms
  before: TapHistograms | null
}

/** Two ranges of one tap: since a moment, and before it; or all of it. */
async function read(tap: string, by: By, split: number, signal: AbortSignal): Promise<Both> {
  if (split === 0) return { now: await readHistograms(tap, by, signal), before: null }
  const us = split * 1000
  const [now, before] = await Promise.all([
    readHistograms(tap, by, signal, `ts >= ${us}`),
    readHistograms(tap, by, signal, `ts < ${us}`),
  ])
  return { now, before }
}

const WHATS: ReadonlyArray<readonly [By, string]> = [
  ['route', 'Route'],
  ['method', 'Method'],
  ['status', 'Status'],
  ['peer', 'Peer'],
  ['vantage', 'Vantage'],
]
const AXES: ReadonlyArray<readonly [boolean, string]> = [
  [false, 'Logarithmic'],
  [true, 'Linear'],
]
/** What is compared with what came before, in minutes up to now. */
const RANGES: ReadonlyArray<readonly [string, string]> = [
  ['none', 'No comparison'],
  ['0', 'From now'],
  ['1', 'Last minute'],
  ['5', 'Last 5 minutes'],
]

/** The axis, and what is compared; stands beside the ways to look at a tap. */
export function LatencyTools({ by, linear, split }: { by: By; linear: boolean; split: number }) {
  const { navigation, commands, socket } = useConsole()
  const tell = (next: By) => navigation.traffic({ by: next }, {}, false)
  const axis = (next: boolean) => navigation.traffic({ linear: next }, {}, false)
  const compare = (range: string) => {
    const split = range === 'none' ? 0 : Math.trunc(socket.clock.now()) - Number(range) * 60_000
    navigation.traffic({ split }, {}, false)
  }
  useCommands(commands, { 'traffic.form': () => axis(!linear) })
  return (
    <>
      <Choices legend="By" title="What tells them apart" of={WHATS} chosen={by} choose={tell} />
      <Choices
        legend="Axis"
        title={`The other one (${keyOf('traffic.form')})`}
        of={AXES}
        chosen={linear}
        choose={axis}
      />
      <Choices
        legend="Compare"
        title="With all that came before"
        of={RANGES}
        chosen={split === 0 ? 'none' : 'some'}
        choose={compare}
      />
      {split > 0 && (
        <span>
          <i className={css.now} /> since {clock(split)} <i className={css.was} /> before
        </span>
      )}
    </>
  )
}

/** How long what is asked takes: one line a route, all on the same axis; two ranges over each other. */
export function LatencyView({ tap, by, linear, split }: { tap: string; by: By; linear: boolean; split: number }) {
  const state = useSummary(
    tap,
    useCallback((id: string, signal: AbortSignal) => read(id, by, split, signal), [by, split]),
  )
  if (state.is === 'reading') return <Skeleton lines={9} />
  if (state.is === 'failed') return <Failed error={state.error} tried="adding up the records" onRetry={state.again} />
  const { now, before } = state.value
  const all = pairs(now, before)
  if (all.length === 0) {
    return (
      <Empty title="Nothing was measured yet">
        <p>Each route, question and command appears here once it was answered.</p>
      </Empty>
    )
  }
  const scale = scaleOf(
    all.flatMap((pair) => [pair.now, pair.before].filter((group) => group !== null)),
    linear,
  )
  const compared = before !== null
  const axis = (
    <>
      <span>{linear ? '0' : micros(scale.from)}</span>
      <span>{micros(scale.to)}</span>
    </>
  )
  return (
    <Sums
      label="How long it takes"
      headings={[
        ...left(by === 'route' ? 'What was asked' : (WHATS.find(([id]) => id === by)?.[1] ?? '')),
        ...right('Answers', 'Failed'),
        { title: axis, key: 'axis', at: 'axis' },
        ...right('p50', 'p95', 'p99', 'Longest'),
      ]}
      note={
        <>
          Over the records that are kept. The axis is {linear ? 'linear' : 'logarithmic'} and the same for all lines.
          {compared && ' Percents are the change against before.'}
        </>
      }
    >
      {all.map((pair) => (
        <Row key={`${pair.kind} ${pair.what}`} pair={pair} scale={scale} compared={compared} />
      ))}
    </Sums>
  )
}

const SHARES = ['p50', 'p95', 'p99', 'max'] as const

function Row({ pair, scale, compared }: { pair: Pair; scale: Scale; compared: boolean }) {
  const { kind, what, now, before } = pair
  const errors = now?.errors ?? 0
  return (
    <tr>
      <td>
        <span className={css.dim}>{kind}</span> {what}
      </td>
      <td className={css.right}>{grouped(now?.count ?? 0)}</td>
      <td className={`${css.right} ${errors > 0 ? css.bad : css.dim}`}>{grouped(errors)}</td>
      <td className={css.axis}>
        <Plot now={now} before={before} what={what} scale={scale} />
      </td>
      {SHARES.map((share) => (
        <td key={share} className={css.right}>
          {time(now?.us[share] ?? null)}
          {compared && share !== 'max' && (
            <span className={css.change}>{change(now?.us[share], before?.us[share]) ?? '–'}</span>
          )}
        </td>
      ))}
    </tr>
  )
}

const WIDTH = 240
const HEIGHT = 18

interface PlotProps {
  now: TapHistogram | null
  before: TapHistogram | null
  what: string
  scale: Scale
}

function Plot({ now, before, what, scale }: PlotProps) {
  const words = (group: TapHistogram) => `half within ${time(group.us.p50)}, 95 of 100 within ${time(group.us.p95)}`
  const said = [now && words(now), before && `before ${words(before)}`].filter(Boolean).join('; ')
  return (
    <svg
      className={css.plot}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${what}: ${said}`}
    >
      {before !== null && <path className={css.before} d={plot(before.buckets, scale, WIDTH, HEIGHT)} />}
      {now !== null && <path d={plot(now.buckets, scale, WIDTH, HEIGHT)} />}
    </svg>
  )
}
