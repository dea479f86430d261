import { expect, test } from 'vitest'
import type { PacketsAsk } from './api'
import { readFrame } from './frames'
import { Packets, type PacketsLink } from './packets'

function frame(kind: number, last: boolean, id: number, first: number, entries: Uint8Array[]): ArrayBuffer {
  const head = new DataView(new ArrayBuffer(16))
  head.setUint8(0, kind)
  head.setUint8(1, last ? 1 : 0)
  head.setUint16(2, entries.length, true)
  head.setUint32(4, id, true)
  head.setBigUint64(8, BigInt(first), true)
  const all = [new Uint8Array(head.buffer), ...entries]
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of all) {
    out.set(part, at)
    at += part.length
  }
  return out.buffer
}

function packet(ns: bigint, bytes: number[], direction = 1, flags = 0): Uint8Array {
  const head = new DataView(new ArrayBuffer(20))
  head.setBigUint64(0, ns, true)
  head.setUint32(8, 1500, true)
  head.setUint32(12, bytes.length, true)
  head.setUint16(16, 1, true)
  head.setUint8(18, direction)
  head.setUint8(19, flags)
  return new Uint8Array([...new Uint8Array(head.buffer), ...bytes])
}

function piece(side: number, offset: number, bytes: number[], gap = 0, len = bytes.length): Uint8Array {
  const head = new DataView(new ArrayBuffer(28))
  head.setBigInt64(0, 7n, true)
  head.setBigUint64(8, BigInt(offset), true)
  head.setBigUint64(16, BigInt(len), true)
  head.setUint8(24, side)
  head.setUint8(25, gap)
  return new Uint8Array([...new Uint8Array(head.buffer), ...bytes])
}

test('CAP-59c frames are read as the contract says', () => {
  const ns = 1_795_282_476_612_875_748n
  const packets = readFrame(frame(1, true, 9, 4, [packet(ns, [1, 2, 3]), packet(ns, [4], 2, 3)]))
  expect(packets).toMatchObject({ kind: 'packets', id: 9, first: 4, last: true })
  expect(packets?.entries).toMatchObject([
    { number: 4, tsNs: ns, wire: 1500, place: 1, inbound: true, flags: 0, bytes: new Uint8Array([1, 2, 3]) },
    { number: 5, inbound: false, flags: 3, bytes: new Uint8Array([4]) },
  ])
  const stream = readFrame(frame(2, false, 1, 0, [piece(0, 0, [65]), piece(1, 0, [], 3, 5000), piece(1, 5000, [66])]))
  expect(stream?.entries).toMatchObject([
    { side: 'client', gap: 0, len: 1 },
    { side: 'server', gap: 3, len: 5000, bytes: new Uint8Array() },
    { side: 'server', offset: 5000, bytes: new Uint8Array([66]) },
  ])
})

test('CAP-59d a frame that says more than it has is none', () => {
  expect(readFrame(frame(1, true, 9, 4, [packet(1n, [1, 2, 3]).slice(0, 21)]))).toBeNull()
  expect(readFrame(new ArrayBuffer(3))).toBeNull()
  expect(readFrame(frame(7, true, 1, 0, []))).toBeNull()
})

/** A server that has so many packets of one byte, and gives few at a time. */
function served(many: number, each: number) {
  const asks: PacketsAsk[] = []
  const link: PacketsLink = {
    binaryType: 'blob',
    onmessage: null,
    onclose: null,
    send: (text) => void asks.push(JSON.parse(text) as PacketsAsk),
    close: () => {},
  }
  const say = (data: unknown) => link.onmessage?.({ data } as MessageEvent)
  const about = { id: 0, packets: many, from_ns: '0', to_ns: '9', client: '', server: '', interfaces: [] }
  const answer = () => {
    const ask = asks.shift()
    if (ask === undefined || !('packets' in ask)) return false
    const { id, first, count } = ask.packets
    const len = Math.min(count, each, many - first)
    say(
      frame(
        1,
        false,
        id,
        first,
        Array.from({ length: len }, (_, at) => packet(BigInt(first + at), [at & 255])),
      ),
    )
    return true
  }
  return {
    asks,
    link,
    say,
    answer,
    about: () => say(JSON.stringify({ about: { ...about, headers_only: false, running: true } })),
  }
}

test('CAP-59e windows are asked for as they are looked at, and again until they are whole', () => {
  const server = served(450, 150)
  const packets = new Packets(() => server.link)
  packets.open()
  packets.want(0, 30)
  expect(server.asks, 'nothing before it is known what there is').toEqual([])
  server.about()
  packets.want(190, 230)
  expect(server.asks.map((ask) => ('packets' in ask ? ask.packets.first : null))).toEqual([0, 200])
  let rounds = 0
  while (server.answer() && rounds < 20) rounds += 1
  for (const number of [0, 149, 150, 199, 200, 399]) expect(packets.packet(number)?.number).toBe(number)
  expect(packets.packet(400)).toBeUndefined()
  packets.want(190, 230)
  expect(server.asks, 'what is here is not asked for').toEqual([])
})

test('CAP-59f an end without a word is a failure, one with a word is that', () => {
  const server = served(1, 1)
  const packets = new Packets(() => server.link)
  packets.open()
  server.say(JSON.stringify({ error: { id: 0, error: { code: 'policy_denied', message: 'no', request_id: '' } } }))
  server.link.onclose?.({ reason: '' } as CloseEvent)
  expect(packets.state.get()).toMatchObject({ is: 'failed', error: { code: 'policy_denied' } })
  packets.open()
  server.link.onclose?.({ reason: '' } as CloseEvent)
  expect(packets.state.get()).toMatchObject({ is: 'failed', error: { code: 'packets_ended' } })
})

test('CAP-59g the stream is read on from where it stopped', () => {
  const server = served(1, 1)
  const packets = new Packets(() => server.link)
  packets.open()
  server.about()
  packets.more()
  packets.more()
  expect(server.asks).toMatchObject([{ stream: { first: 0 } }])
  server.say(frame(2, false, 1, 0, [piece(0, 0, [1]), piece(1, 0, [2])]))
  packets.more()
  expect(server.asks.at(-1)).toMatchObject({ stream: { first: 2 } })
  server.say(frame(2, true, 2, 2, [piece(0, 1, [3])]))
  expect([packets.ended, packets.pieces.length, packets.streamBytes]).toEqual([true, 3, 3])
})
