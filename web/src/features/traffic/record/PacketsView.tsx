import { useEffect, useRef, useState } from 'react'
import { type Decoded, decodePacket } from '../../../lib/layers'
import { grouped, size } from '../../../lib/text'
import { Button } from '../../../ui/Button'
import { copy } from '../../../ui/clipboard'
import { useConsole } from '../../../ui/console'
import { Empty, Failed, Skeleton } from '../../../ui/State'
import { Virtual } from '../../../ui/Virtual'
import type { PacketsAbout } from '../../../wire/api'
import { CUT, MASKED, type Packet, WITHHELD } from '../../../wire/frames'
import type { Packets } from '../../../wire/packets'
import { hex } from './bodies'
import { Hex } from './Hex'
import { Layers, type Mark } from './Layers'
import css from './packets.module.css'
import { seek } from './seek'
import { usePackets } from './usePackets'

const ROW = 24

interface Props {
  tap: string
  flow: string
  /** The tap keeps packets. */
  kept: boolean
  /** When the record happened: the list begins there. */
  us: number | null
}

/** The packets of the connection: all in a list, one with its layers and bytes. */
export default function PacketsView({ tap, flow, kept, us }: Props) {
  const packets = usePackets(tap, flow)
  const state = packets.state.get()
  if (state.is === 'failed') {
    return <Failed error={state.error} tried="reading the packets of its connection" onRetry={packets.open} />
  }
  if (state.is === 'connecting') return <Skeleton lines={8} />
  if (state.about.packets === 0) {
    return (
      <Empty title="No packets">
        <p>
          {kept
            ? 'None of this connection are kept: they made room for newer ones, or came before the tap.'
            : 'This tap keeps no packets; the next one can, when Packets is Headers, Masked or Full.'}
        </p>
      </Empty>
    )
  }
  return <Shown packets={packets} about={state.about} us={us} />
}

function Shown({ packets, about, us }: { packets: Packets; about: PacketsAbout; us: number | null }) {
  const console = useConsole()
  // Null until somebody chooses, or the packet of the record is found.
  const [picked, setChosen] = useState<number | null>(null)
  const place =
    picked !== null || us === null
      ? { found: picked ?? 0 }
      : seek(about.packets, BigInt(us) * 1000n, (number) => packets.packet(number)?.tsNs)
  const chosen = 'found' in place ? place.found : 0
  const need = 'need' in place ? place.need : null
  useEffect(() => {
    if (need !== null) packets.want(need, need + 1)
    else if (picked === null) setChosen(chosen)
  }, [need, picked, chosen, packets])
  const [mark, setMark] = useState<Mark | null>(null)
  const decoded = useRef(new WeakMap<Packet, Decoded>())
  const first = BigInt(about.from_ns || '0')
  const read = (packet: Packet): Decoded => {
    const known = decoded.current.get(packet)
    if (known !== undefined) return known
    const fresh = decodePacket(packet.bytes, about.interfaces[packet.place]?.link ?? 1)
    decoded.current.set(packet, fresh)
    return fresh
  }
  const at = Math.min(chosen, about.packets - 1)
  const packet = packets.packet(at)
  const choose = (next: number) => {
    setChosen(next)
    setMark(null)
  }
  return (
    <div className={css.packets}>
      <div className={css.tools}>
        <span className={css.dim}>
          {grouped(about.packets)} packets
          {about.more && ', and more that are not read'}
          {about.headers_only && ' · headers alone, by policy'}
        </span>
        <span className={css.space} />
        {about.running && (
          <Button title="Those that came since, too" onClick={() => packets.again()}>
            Read again
          </Button>
        )}
        <Button
          disabled={packet === undefined}
          onClick={() => packet !== undefined && copy(console, hex(packet.bytes).join('\n'), `packet ${at + 1} as hex`)}
        >
          Copy hex
        </Button>
      </div>
      <Virtual
        label="Packets"
        className={css.list}
        row={ROW}
        count={about.packets}
        seen={(from, to) => packets.want(from, to)}
        chosen={at}
        choose={choose}
      >
        {(number) => <Row number={number} packet={packets.packet(number)} about={about} first={first} read={read} />}
      </Virtual>
      {packet !== undefined && (
        <div className={css.one}>
          <Layers layers={read(packet).layers} mark={mark} set={setMark} packet={facts(packet, about)} />
          <Hex bytes={packet.bytes} mark={mark} label="Bytes of the packet" />
        </div>
      )}
    </div>
  )
}

interface RowProps {
  number: number
  packet: Packet | undefined
  about: PacketsAbout
  first: bigint
  read: (packet: Packet) => Decoded
}

function Row({ number, packet, about, first, read }: RowProps) {
  if (packet === undefined) {
    return (
      <div className={css.row}>
        <span className={css.number}>{number + 1}</span>
        <span className={css.dim}>…</span>
      </div>
    )
  }
  const { flags, summary } = read(packet)
  const [arrow, title, side] = direction(packet, read(packet), about)
  return (
    <div className={`${css.row} ${side === null ? '' : css[side]}`}>
      <span className={css.number}>{number + 1}</span>
      <span className={css.number}>{since(packet.tsNs - first)}</span>
      <span className={css.arrow} title={title}>
        {arrow}
      </span>
      <span className={css.number}>{grouped(packet.wire)}</span>
      <span className={css.flags}>{flags}</span>
      <span className={css.summary}>
        {summary}
        {marks(packet).map((word) => (
          <span key={word} className={css.dim}>
            {' '}
            · {word}
          </span>
        ))}
      </span>
    </div>
  )
}

/** Seconds to the microsecond: `0.000123`. */
function since(ns: bigint): string {
  const sign = ns < 0n ? '-' : ''
  const abs = ns < 0n ? -ns : ns
  return `${sign}${abs / 1_000_000_000n}.${String((abs % 1_000_000_000n) / 1000n).padStart(6, '0')}`
}

/** By the ends of the connection, where they are known; else by the pod. */
function direction(
  { inbound }: Packet,
  { from, to }: Decoded,
  { client, server }: PacketsAbout,
): [string, string, 'client' | 'server' | null] {
  if (client !== '' && (from === client || to === server)) return ['→', 'client to server', 'client']
  if (client !== '' && (to === client || from === server)) return ['←', 'server to client', 'server']
  if (inbound === null) return ['', 'unknown', null]
  return inbound ? ['↓', 'into the pod', null] : ['↑', 'out of the pod', null]
}

function marks({ flags, bytes, wire }: Packet): string[] {
  return [
    flags & MASKED ? 'secrets masked' : '',
    flags & CUT ? 'payload left in the pod' : '',
    flags & WITHHELD ? 'payload withheld by policy' : '',
    bytes.length < wire && (flags & (CUT | WITHHELD)) === 0 ? `${size(bytes.length)} here` : '',
  ].filter(Boolean)
}

function facts(packet: Packet, about: PacketsAbout): string {
  const way = packet.inbound === null ? '' : packet.inbound ? 'into the pod' : 'out of the pod'
  return [about.interfaces[packet.place]?.name ?? '', way, `${grouped(packet.wire)} B`].filter(Boolean).join(' · ')
}
