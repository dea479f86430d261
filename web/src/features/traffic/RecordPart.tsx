import { lazy, Suspense } from 'react'
import { at, text } from '../../lib/json'
import { PARTS, type Part } from '../../lib/route'
import { Failed, Skeleton } from '../../ui/State'
import type { TapFlow, TapRecord } from '../../wire/api'
import { nameOf } from './record/axis'
import { BodyView } from './record/BodyView'
import { bodies } from './record/bodies'
import { Conversation } from './record/Conversation'
import { Headers } from './record/Headers'
import { Messages } from './record/Messages'
import { number } from './record/model'
import { Overview } from './record/Overview'
import css from './record/record.module.css'
import { Tls } from './record/Tls'
import { TraceLogs } from './TraceLogs'
import { type Reading, traceOf } from './useRecord'

// Bytes are looked at rarely: what draws them comes with the first look.
const PacketsView = lazy(() => import('./record/PacketsView'))
const StreamView = lazy(() => import('./record/StreamView'))

interface Props {
  tap: string
  /** The tap keeps packets. */
  kept: boolean
  part: Part
  record: TapRecord
  flow: Reading<TapFlow>
  trace: Reading<TapFlow>
  open: (id: string) => void
  /** Goes to a pod. */
  go: (pod: { namespace: string; name: string }) => void
  /** Goes to another part. */
  show: (part: Part) => void
}

/** One part of the pane; parts that need the whole flow wait for it. */
export function RecordPart({ tap, kept, part, record, flow, trace, open, go, show }: Props) {
  const json = record.record
  if (part === 'headers') return <Headers json={json} />
  if (part === 'body') return <BodyView json={json} />
  if (part === 'packets' || part === 'stream') {
    const id = text(json, 'flow')
    return (
      <Suspense fallback={<Skeleton lines={8} />}>
        {part === 'packets' ? (
          <PacketsView key={id} tap={tap} flow={id} kept={kept} us={number(json, 'ts')} />
        ) : (
          <StreamView key={id} tap={tap} flow={id} />
        )}
      </Suspense>
    )
  }
  if (part === 'json') {
    return (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
      <pre className={css.raw} tabIndex={0}>
        {JSON.stringify(json, null, 2)}
      </pre>
    )
  }
  if (part === 'tls' && isTls(json)) return <Tls tls={json} />
  if (part === 'overview')
    return <Overview json={json} flow={record.flow} dns={record.dns} go={go} trace={() => show('trace')} />
  if (part === 'trace') {
    if (trace.is === 'reading') return <Skeleton lines={8} />
    if (trace.is === 'failed')
      return <Failed error={trace.error} tried="reading the records of its trace" onRetry={trace.again} />
    return (
      <>
        <Conversation flow={trace.value} record={nameOf(json)} open={open} of="trace" />
        <TraceLogs tap={tap} trace={traceOf(json)} />
      </>
    )
  }
  if (flow.is === 'reading') return <Skeleton lines={8} />
  if (flow.is === 'failed')
    return <Failed error={flow.error} tried="reading the records of its flow" onRetry={flow.again} />
  if (part === 'tls') return <Tls tls={flow.value.records.find(isTls) ?? null} />
  if (part === 'messages') return <Messages json={json} records={flow.value.records} />
  return <Conversation flow={flow.value} record={nameOf(json)} open={open} />
}

const isTls = (one: unknown) => ['tls', 'quic'].includes(text(one, 'kind'))

/** The parts that a record has. */
export function partsOf(json: unknown): readonly Part[] {
  const kind = text(json, 'kind')
  const has: Readonly<Record<Part, boolean>> = {
    overview: true,
    headers: kind === 'http',
    body: kind === 'http' || bodies(json).length > 0,
    messages:
      kind === 'ws' ||
      text(json, 'upgrade') !== '' ||
      text(json, 'grpc.service') !== '' ||
      at(json, 'sse') !== undefined,
    tls: isTls(json) || text(json, 'scheme') === 'https' || text(json, 'kind') === 'flow',
    packets: text(json, 'flow') !== '',
    stream: text(json, 'flow') !== '',
    flow: text(json, 'flow') !== '',
    trace: text(json, 'trace.id') !== '',
    json: true,
  }
  return PARTS.filter((part) => has[part])
}
