import { useEffect, useMemo, useState } from 'react'
import { size } from '../../../lib/text'
import { preciseClock } from '../../../lib/time'
import { Button } from '../../../ui/Button'
import { Choices } from '../../../ui/Choices'
import { copy } from '../../../ui/clipboard'
import { useConsole } from '../../../ui/console'
import { Empty, Failed, Skeleton } from '../../../ui/State'
import { Virtual } from '../../../ui/Virtual'
import { type Packets, STREAM_MOST } from '../../../wire/packets'
import css from './packets.module.css'
import { type Line, Lines, type Side } from './stream'
import { usePackets } from './usePackets'

/** What both ends said, in the order in which it was said. */
export default function StreamView({ tap, flow }: { tap: string; flow: string }) {
  const packets = usePackets(tap, flow)
  const state = packets.state.get()
  if (state.is === 'failed') {
    return <Failed error={state.error} tried="reading the stream of its connection" onRetry={packets.open} />
  }
  if (state.is === 'connecting') return <Skeleton lines={8} />
  if (packets.streamError !== null) return <Failed error={packets.streamError} tried="putting the stream together" />
  return <Shown packets={packets} running={state.about.running} />
}

const FORMS = [
  ['text', 'text'],
  ['hex', 'hex'],
] as const
const SIDES: ReadonlyArray<readonly [Side, string]> = [
  ['both', 'Both'],
  ['client', '→ Client'],
  ['server', '← Server'],
]

function Shown({ packets, running }: { packets: Packets; running: boolean }) {
  const console = useConsole()
  const [as, setAs] = useState<'text' | 'hex'>('text')
  const [side, setSide] = useState<Side>('both')
  const [until, setUntil] = useState(0)
  const taker = useMemo(() => new Lines(as, side), [as, side])
  const lines = taker.take(packets.pieces)
  // One screen more than is looked at.
  const short = until + 200 > lines.length && !packets.ended
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer may ask for the next
  useEffect(() => {
    if (short) packets.more()
  }, [short, packets, packets.changed.get()])
  if (packets.ended && packets.pieces.length === 0) {
    return (
      <Empty title="Nothing was said">
        <p>None of the packets that are kept of this connection carries any bytes.</p>
      </Empty>
    )
  }
  return (
    <div className={css.packets}>
      <div className={css.tools}>
        <Choices legend="The stream as" of={FORMS} chosen={as} choose={setAs} />
        <Choices legend="Of whom" of={SIDES} chosen={side} choose={setSide} />
        <span className={css.dim}>
          {size(packets.streamBytes)}
          {!packets.ended && ' so far'}
          {packets.streamBytes >= STREAM_MOST && ': the begin of it; all of it is in the download'}
        </span>
        <span className={css.space} />
        {running && packets.ended && (
          <Button title="With what came since" onClick={() => packets.again()}>
            Read again
          </Button>
        )}
        <Button onClick={() => copy(console, lines.map(copied).join('\n'), 'the stream, as far as it was read')}>
          Copy
        </Button>
      </div>
      <Virtual
        key={`${as} ${side}`}
        label="Stream"
        className={css.stream}
        count={lines.length}
        seen={(_, to) => setUntil(to)}
      >
        {(at) => <Row line={lines[at]} />}
      </Virtual>
    </div>
  )
}

const copied = ({ side, text, gap }: Line) => `${side === 'client' ? '→' : '←'} ${gap ? `[${text}]` : text}`

function Row({ line }: { line: Line | undefined }) {
  if (line === undefined) return null
  const { side, first, tsUs, text, gap } = line
  return (
    <div className={`${css.said} ${css[side]} ${gap ? css.hole : ''}`}>
      <span className={css.when} title={side === 'client' ? 'client to server' : 'server to client'}>
        {first ? preciseClock(tsUs) : ''}
      </span>
      <span className={css.arrow}>{first ? (side === 'client' ? '→' : '←') : ''}</span>
      <span className={css.words}>{text}</span>
    </div>
  )
}
