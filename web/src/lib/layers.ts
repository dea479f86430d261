/** What the bytes of a packet say, layer by layer; each field knows where it stands. */

export interface Field {
  name: string
  value: string
  at: number
  len: number
}

export interface Layer {
  title: string
  at: number
  len: number
  fields: Field[]
}

export interface Decoded {
  layers: Layer[]
  /** `10.0.0.1:80`, as far as they are known. */
  from: string
  to: string
  /** `SYN ACK` of TCP. */
  flags: string
  summary: string
}

interface Reader {
  bytes: Uint8Array
  view: DataView
  found: Decoded
}

/** Link types, as in capture files. */
const [ETHERNET, RAW, SLL, IPV4, IPV6, SLL2] = [1, 101, 113, 228, 229, 276]
const TYPES: Readonly<Record<number, string>> = {
  2048: 'IPv4',
  2054: 'ARP',
  34525: 'IPv6',
  33024: 'VLAN',
  34984: 'VLAN',
}
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  6: 'TCP',
  17: 'UDP',
  58: 'ICMPv6',
  132: 'SCTP',
}
const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const

/** Bytes that end early are decoded as far as they go. */
export function decodePacket(bytes: Uint8Array, link: number): Decoded {
  const found: Decoded = { layers: [], from: '', to: '', flags: '', summary: '' }
  const reader: Reader = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), found }
  try {
    linked(reader, link)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    found.summary = [found.summary, 'cut short'].filter(Boolean).join(', ')
  }
  return found
}

function layer(
  { found, bytes }: Reader,
  title: string,
  at: number,
  len: number,
): (name: string, value: unknown, from: number, size: number) => void {
  const fields: Field[] = []
  found.layers.push({ title, at, len, fields })
  return (name, value, from, size) => {
    if (from + size > bytes.length) throw new RangeError('the packet ends here')
    fields.push({ name, value: String(value), at: from, len: size })
  }
}

function linked(reader: Reader, link: number): void {
  const { view, bytes } = reader
  if (link === RAW || link === IPV4 || link === IPV6) {
    network(reader, view.getUint8(0) >> 4 === 6 ? 0x86dd : 0x0800, 0)
    return
  }
  if (link === ETHERNET) {
    const add = layer(reader, 'Ethernet', 0, 14)
    add('To', mac(bytes, 0), 0, 6)
    add('From', mac(bytes, 6), 6, 6)
    const type = view.getUint16(12)
    add('Type', typed(type), 12, 2)
    network(reader, type, 14)
    return
  }
  if (link === SLL || link === SLL2) {
    const [len, at] = link === SLL ? [16, 14] : [20, 0]
    const add = layer(reader, 'Linux cooked', 0, len)
    const type = view.getUint16(at)
    add('Type', typed(type), at, 2)
    network(reader, type, len)
    return
  }
  rest(reader, 0, `link type ${link}`)
}

function network(reader: Reader, type: number, at: number): void {
  const { view } = reader
  if (type === 0x8100 || type === 0x88a8) {
    const add = layer(reader, 'VLAN', at, 4)
    add('VLAN', view.getUint16(at) & 0xfff, at, 2)
    const inner = view.getUint16(at + 2)
    add('Type', typed(inner), at + 2, 2)
    network(reader, inner, at + 4)
    return
  }
  if (type === 0x0800) {
    ipv4(reader, at)
    return
  }
  if (type === 0x86dd) {
    ipv6(reader, at)
    return
  }
  if (type === 0x0806) {
    arp(reader, at)
    return
  }
  rest(reader, at, typed(type))
}

function ipv4(reader: Reader, at: number): void {
  const { view, bytes, found } = reader
  const len = (view.getUint8(at) & 15) * 4
  const add = layer(reader, 'IPv4', at, len)
  const total = view.getUint16(at + 2)
  const fragment = view.getUint16(at + 6)
  const protocol = view.getUint8(at + 9)
  add('Header', `${len} bytes`, at, 1)
  add('DSCP, ECN', `${view.getUint8(at + 1) >> 2}, ${view.getUint8(at + 1) & 3}`, at + 1, 1)
  add('Length', total, at + 2, 2)
  add('Id', hexed(view.getUint16(at + 4), 4), at + 4, 2)
  const marks = [fragment & 0x4000 ? 'do not fragment' : '', fragment & 0x2000 ? 'more fragments' : ''].filter(Boolean)
  add('Fragment', `${marks.join(', ') || 'none'}, offset ${(fragment & 0x1fff) * 8}`, at + 6, 2)
  add('Hop limit', view.getUint8(at + 8), at + 8, 1)
  add('Protocol', PROTOCOLS[protocol] ?? protocol, at + 9, 1)
  add('Checksum', hexed(view.getUint16(at + 10), 4), at + 10, 2)
  found.from = [...bytes.subarray(at + 12, at + 16)].join('.')
  found.to = [...bytes.subarray(at + 16, at + 20)].join('.')
  add('From', found.from, at + 12, 4)
  add('To', found.to, at + 16, 4)
  if ((fragment & 0x1fff) > 0) {
    rest(reader, at + len, 'fragment')
    return
  }
  // Segments that the card cuts later have no length yet.
  transport(reader, protocol, at + len, total === 0 ? bytes.length : at + total)
}

function ipv6(reader: Reader, at: number): void {
  const { view, bytes, found } = reader
  const add = layer(reader, 'IPv6', at, 40)
  const payload = view.getUint16(at + 4)
  let next = view.getUint8(at + 6)
  add('Flow label', hexed(view.getUint32(at) & 0xfffff, 5), at, 4)
  add('Length', payload, at + 4, 2)
  add('Next', PROTOCOLS[next] ?? next, at + 6, 1)
  add('Hop limit', view.getUint8(at + 7), at + 7, 1)
  found.from = ipv6Text(view, at + 8)
  found.to = ipv6Text(view, at + 24)
  add('From', found.from, at + 8, 16)
  add('To', found.to, at + 24, 16)
  let here = at + 40
  // Hop-by-hop, routing, fragment, destination options.
  for (let many = 0; many < 8 && [0, 43, 44, 60].includes(next); many++) {
    const len = next === 44 ? 8 : (view.getUint8(here + 1) + 1) * 8
    const extension = layer(reader, 'IPv6 extension', here, len)
    extension('Kind', next, here, 1)
    next = view.getUint8(here)
    here += len
  }
  transport(reader, next, here, payload === 0 ? bytes.length : at + 40 + payload)
}

function arp(reader: Reader, at: number): void {
  const { view, bytes, found } = reader
  const add = layer(reader, 'ARP', at, 28)
  const asks = view.getUint16(at + 6) === 1
  const ip = (from: number) => [...bytes.subarray(from, from + 4)].join('.')
  add('What', asks ? 'asks' : 'answers', at + 6, 2)
  add('From', `${mac(bytes, at + 8)} ${ip(at + 14)}`, at + 8, 10)
  add('About', ip(at + 24), at + 24, 4)
  found.from = ip(at + 14)
  found.to = ip(at + 24)
  found.summary = asks ? `ARP: who has ${found.to}?` : `ARP: ${found.from} is at ${mac(bytes, at + 8)}`
}

function transport(reader: Reader, protocol: number, at: number, end: number): void {
  const { view, found } = reader
  if (protocol === 6) {
    tcp(reader, at, end)
    return
  }
  if (protocol === 17) {
    const add = layer(reader, 'UDP', at, 8)
    const [from, to, len] = [view.getUint16(at), view.getUint16(at + 2), view.getUint16(at + 4)]
    ports(reader, from, to)
    add('From port', from, at, 2)
    add('To port', to, at + 2, 2)
    add('Length', len, at + 4, 2)
    add('Checksum', hexed(view.getUint16(at + 6), 4), at + 6, 2)
    found.summary = `UDP, ${Math.max(0, len - 8)} bytes`
    data(reader, at + 8, end)
    return
  }
  if (protocol === 1 || protocol === 58) {
    const name = protocol === 1 ? 'ICMP' : 'ICMPv6'
    const add = layer(reader, name, at, 4)
    const [type, code] = [view.getUint8(at), view.getUint8(at + 1)]
    add('Type', type, at, 1)
    add('Code', code, at + 1, 1)
    add('Checksum', hexed(view.getUint16(at + 2), 4), at + 2, 2)
    found.summary = `${name} type ${type} code ${code}`
    data(reader, at + 4, end)
    return
  }
  rest(reader, at, PROTOCOLS[protocol] ?? `protocol ${protocol}`)
}

function tcp(reader: Reader, at: number, end: number): void {
  const { view, found } = reader
  const len = (view.getUint8(at + 12) >> 4) * 4
  const add = layer(reader, 'TCP', at, len)
  const [from, to] = [view.getUint16(at), view.getUint16(at + 2)]
  const [seq, ack, window] = [view.getUint32(at + 4), view.getUint32(at + 8), view.getUint16(at + 14)]
  const bits = view.getUint8(at + 13)
  found.flags = FLAGS.filter((_, bit) => bits & (1 << bit)).join(' ')
  ports(reader, from, to)
  add('From port', from, at, 2)
  add('To port', to, at + 2, 2)
  add('Sequence', seq, at + 4, 4)
  add('Acknowledges', bits & 16 ? ack : 'nothing', at + 8, 4)
  add('Header', `${len} bytes`, at + 12, 1)
  add('Flags', found.flags, at + 13, 1)
  add('Window', window, at + 14, 2)
  add('Checksum', hexed(view.getUint16(at + 16), 4), at + 16, 2)
  if (bits & 32) add('Urgent', view.getUint16(at + 18), at + 18, 2)
  const payload = Math.max(0, end - at - len)
  found.summary = `len ${payload} seq ${seq}${bits & 16 ? ` ack ${ack}` : ''} win ${window}`
  options(reader, at + 20, at + len, add)
  data(reader, at + len, end)
}

function options({ view }: Reader, from: number, end: number, add: ReturnType<typeof layer>): void {
  for (let at = from; at < end; ) {
    const kind = view.getUint8(at)
    if (kind === 0) return
    if (kind === 1) {
      at += 1
      continue
    }
    const len = Math.max(2, view.getUint8(at + 1))
    if (kind === 2) add('Largest segment', view.getUint16(at + 2), at, len)
    else if (kind === 3) add('Window scale', `× ${2 ** view.getUint8(at + 2)}`, at, len)
    else if (kind === 4) add('SACK', 'permitted', at, len)
    else if (kind === 5) {
      const blocks = []
      for (let block = at + 2; block + 8 <= at + len; block += 8)
        blocks.push(`${view.getUint32(block)}–${view.getUint32(block + 4)}`)
      add('SACK', blocks.join(', '), at, len)
    } else if (kind === 8) add('Time stamps', `${view.getUint32(at + 2)}, echo ${view.getUint32(at + 6)}`, at, len)
    else add('Option', kind, at, len)
    at += len
  }
}

function ports({ found }: Reader, from: number, to: number): void {
  const one = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  found.from = one(found.from, from)
  found.to = one(found.to, to)
}

/** What the transport carries. Frames may be padded behind it. */
function data(reader: Reader, at: number, end: number): void {
  const len = Math.min(end, reader.bytes.length) - at
  if (len <= 0) return
  layer(reader, 'Payload', at, len)('Bytes', len, at, len)
}

function rest(reader: Reader, at: number, what: string): void {
  const len = reader.bytes.length - at
  if (reader.found.summary === '') reader.found.summary = what
  if (len > 0) layer(reader, what, at, len)('Bytes', len, at, len)
}

const hexed = (value: number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`
const typed = (type: number) => TYPES[type] ?? hexed(type, 4)
const mac = (bytes: Uint8Array, at: number) =>
  [...bytes.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')

/** RFC 5952: the longest run of zeros is `::`. */
function ipv6Text(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, one) => view.getUint16(at + one * 2).toString(16))
  const text = groups.join(':')
  const runs = text.match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? []
  const longest = runs.reduce(
    (best, run) => (run.replace(/^:/, '').length > best.replace(/^:/, '').length ? run : best),
    '',
  )
  if (longest === '') return text
  const cut = text.indexOf(longest)
  return `${text.slice(0, cut)}::${text.slice(cut + longest.length).replace(/^:/, '')}`
}
