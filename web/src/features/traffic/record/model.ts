/** A record read for people: what it was, between whom, how long each step took, what is not whole about it. */

import { micros } from '../../../lib/cell'
import { at, items, record, text } from '../../../lib/json'
import { size } from '../../../lib/text'
import { moment } from '../../../lib/time'

export const number = (value: unknown, path: string): number | null => {
  const found = at(value, path)
  return typeof found === 'number' && Number.isFinite(found) ? found : null
}

export const words = (value: unknown, path: string): string[] => {
  const found = at(value, path)
  return Array.isArray(found) ? found.filter((item): item is string => typeof item === 'string') : []
}

/** What was asked, in one line. */
export function title(json: unknown): string {
  const get = (path: string) => text(json, path)
  switch (get('kind')) {
    case 'http': {
      const grpc = get('grpc.service')
      if (grpc !== '') return `${grpc}/${get('grpc.method')}`
      const query = get('query')
      return `${get('method') || '«unseen request»'} ${get('path')}${query === '' ? '' : `?${query}`}`.trim()
    }
    case 'ws':
      return `${get('opcode')} from the ${get('from')}`
    case 'dns':
      return `${get('qtype')} ${get('qname')}`.trim()
    case 'tls':
    case 'quic':
      return get('sni') || `${get('kind').toUpperCase()} without a name`
    case 'redis':
      return `${words(json, 'commands').join(', ')} ${words(json, 'keys').join(' ')}`.trim()
    case 'sql':
      return get('query') || get('op')
    case 'flow':
      return `${get('app') || get('proto')} connection, ${get('status') || get('state')}`
    case 'gap':
      return `${get('len')} bytes of the ${get('side')} are missing`
    case 'loss':
      return 'packets were lost'
    case 'icmp':
      return `ICMP type ${get('type')} code ${get('code')}`
    case 'anomaly':
      return `${get('code')} ${get('detail')}`.trim()
    default:
      return get('kind')
  }
}

export interface Ending {
  role: string
  name: string
  address: string
  facts: Array<[string, string]>
  /** The pod that it is, where that is known. */
  pod: { namespace: string; name: string } | null
}

/** The two ends: client, then server. */
export function endpoints(json: unknown): Ending[] {
  return (['src', 'dst'] as const).flatMap((side) => {
    const end = record(at(json, side))
    if (text(end, 'ip') === '') return []
    const ip = text(end, 'ip')
    const [ns, pod, service] = [text(end, 'ns'), text(end, 'pod'), text(end, 'service')]
    const facts: Array<[string, string]> = []
    for (const [title, path] of [
      ['Service', 'service'],
      ['Pod', 'pod'],
      ['Namespace', 'ns'],
      ['Workload', 'workload'],
      ['Container', 'container'],
      ['Process', 'exe'],
      ['Node', 'node'],
      ['Cluster', 'cluster'],
      ['Principal', 'principal'],
      ['Session', 'session'],
    ] as const) {
      const value = text(end, path)
      if (value !== '') facts.push([title, value])
    }
    const name = service || pod || text(end, 'name') || ip
    return [
      {
        role: side === 'src' ? 'Client' : 'Server',
        name: ns === '' ? name : `${ns}/${name}`,
        address: address(end),
        facts,
        pod: ns !== '' && pod !== '' ? { namespace: ns, name: pod } : null,
      },
    ]
  })
}

/** Address and port of an end; empty where there is none. */
function address(end: unknown): string {
  const [ip, port] = [text(end, 'ip'), text(end, 'port')]
  return port === '' ? ip : ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** Words of records that say little by themselves. */
const PLAIN: Readonly<Record<string, string>> = {
  no_syn: 'the connection began before the tap',
  gap: 'bytes of it are missing',
  evicted: 'there was no more memory for it',
}

/** What is not whole, or odd; each with a word for people. */
export function flags(json: unknown): Array<{ level: 2 | 3; text: string }> {
  const found: Array<{ level: 2 | 3; text: string }> = []
  const add = (level: 2 | 3, title: string, path: string) => {
    const list = words(json, path)
    if (list.length > 0)
      found.push({ level, text: `${title}: ${list.map((word) => PLAIN[word] ?? spaced(word)).join(', ')}` })
  }
  add(3, 'seen in part', 'partial')
  add(2, 'masked', 'redacted')
  add(2, 'cut at a limit', 'truncated')
  add(3, 'odd', 'anomaly')
  const pair = text(json, 'pair')
  if (pair === 'request_only') found.push({ level: 3, text: 'no answer was seen' })
  if (pair === 'response_only') found.push({ level: 3, text: 'the request was not seen' })
  if (pair === 'unknown') found.push({ level: 3, text: 'after a loss it cannot be said what belongs together' })
  return found
}

const spaced = (word: string) => word.replaceAll('_', ' ')

export interface Verdict {
  level: 1 | 2 | 3 | 4
  words: string
  /** What one can do now. */
  next: string
}

/** Whether the content could be read, and what to do where it could not. */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  plaintext: { level: 1, words: 'In the clear: everything in it could be read.', next: '' },
  decrypted: { level: 1, words: 'Encrypted, and decrypted with the keys that were given.', next: '' },
  no_keys: {
    level: 2,
    words: 'Payload encrypted; no keys were given, so names and times are all there is.',
    next: 'Let the program write its keys (SSLKEYLOGFILE) and give the file with --keylog.',
  },
  keys_for_other_connections: {
    level: 3,
    words: 'Payload encrypted; keys were given, but none of this connection.',
    next: 'See that the program that made this connection writes the key log, and that it started before.',
  },
  handshake_not_seen: {
    level: 3,
    words: 'Payload encrypted; the connection began before the tap.',
    next: 'Make a new connection: restart the client, or wait until it reconnects.',
  },
  unsupported_cipher: {
    level: 3,
    words: 'Payload encrypted with a cipher that is not decrypted here.',
    next: 'Save the packets and open them with the keys in Wireshark.',
  },
  ech: {
    level: 2,
    words: 'Payload encrypted, and even the name of the server (ECH).',
    next: 'Switch ECH off at the client to see names.',
  },
  resumed_without_keys: {
    level: 3,
    words: 'Payload encrypted; it resumed an earlier session whose keys are unknown.',
    next: 'Start the client anew, with the key log on from the begin.',
  },
  quic_no_keys: {
    level: 2,
    words: 'Payload encrypted (QUIC); no keys were given.',
    next: 'Give a key log, or let the client use HTTP/2.',
  },
  uncertain: { level: 3, words: 'It cannot be said what it is.', next: 'Save the packets and look at the bytes.' },
}

export function verdict(json: unknown, flow: unknown): Verdict | null {
  const code = text(json, 'verdict.code') || text(flow, 'verdict.code')
  if (code === '') return null
  const why = text(json, 'verdict.why') || text(flow, 'verdict.why')
  // What is uncertain has several causes.
  if (code === 'uncertain' && why !== '') return { level: 3, words: `It cannot be said what it is: ${why}.`, next: '' }
  return VERDICTS[code] ?? { level: 3, words: why || spaced(code), next: '' }
}

/** Facts of a record for its overview. */
export function facts(json: unknown, flow: unknown): Array<[string, string]> {
  const found: Array<[string, string]> = []
  const add = (title: string, value: string) => {
    if (value !== '') found.push([title, value])
  }
  const span = (value: unknown, path: string) => {
    const us = number(value, path)
    return us === null ? '' : micros(us)
  }
  const us = number(json, 'ts')
  if (us !== null) add('Time', moment(us))
  add('Status', [text(json, 'status'), text(json, 'reason')].filter(Boolean).join(' '))
  add('gRPC status', [text(json, 'grpc.status'), text(json, 'grpc.message')].filter(Boolean).join(' '))
  add('Answer', text(json, 'rcode'))
  for (const answer of items(json, 'answers'))
    add('', `${text(answer, 'type')} ${text(answer, 'data')} (${text(answer, 'ttl')} s)`)
  add('Error', text(json, 'error.text') || text(json, 'error'))
  add('Reply', text(json, 'reply'))
  add('Rows', text(json, 'rows'))
  add('Host', text(json, 'host'))
  add('Protocol', protocol(json))
  add('Vantage', text(json, 'vantage'))
  add('Latency', span(json, 'latency_us'))
  const peer = record(at(json, 'outer.peer'))
  const outside = [text(peer, 'service') || text(peer, 'pod') || text(peer, 'name'), address(peer)]
  add(text(json, 'outer.way') === 'out' ? 'Left by TLS to' : 'Came by TLS from', outside.filter(Boolean).join(', '))
  add('TLS connection', text(json, 'outer.flow'))
  add('In the proxy', span(json, 'outer.proxy_us'))
  const inner = text(flow ?? json, 'inner.requests')
  if (inner !== '')
    add('Requests in the clear behind it', `${inner}, of ${text(flow ?? json, 'inner.answers')} the answers agree`)
  const side = (value: string, title: string) => {
    const of = flow ?? json
    const bytes = text(of, `${value}.bytes`)
    if (bytes !== '')
      add(
        title,
        `${text(of, `${value}.packets`)} packets, ${bytes} B, ${text(of, `${value}.retrans`) || 0} repeated, ${text(of, `${value}.lost`) || 0} B missing`,
      )
  }
  side('c', 'Client sent')
  side('s', 'Server sent')
  add('Throughput', throughput(flow ?? json))
  add('Round trip', span(flow ?? json, 'rtt.p50'))
  add('Span', text(json, 'trace.span'))
  return found
}

export interface Summary {
  /** Microseconds from its first byte to its last. */
  us: number | null
  client: string
  server: string
  /** Microseconds to the first byte of the answer, and how good that is. */
  first: { us: number; level: 1 | 3 | 4 } | null
}

/** A record in one line: how long, between whom, how soon the answer began. */
export function summary(json: unknown): Summary {
  const [client, server] = endpoints(json)
  const [start, end] = [number(json, 'start'), number(json, 'end')]
  const us =
    start !== null && end !== null
      ? Math.max(0, end - start)
      : (number(json, 'total_us') ?? number(json, 'latency_us') ?? number(json, 'hs_us'))
  const first = number(json, 'ttfb_us')
  const level = first === null || first < GOOD_US ? 1 : first < BAD_US ? 3 : 4
  return {
    us,
    client: client?.name ?? '',
    server: server?.name ?? '',
    first: first === null ? null : { us: first, level },
  }
}

/** Up to here an answer begins soon, and from there on late. */
const GOOD_US = 200_000
const BAD_US = 600_000

/** Bytes a second that a connection had, both ways. */
function throughput(flow: unknown): string {
  const [start, end] = [number(flow, 'start'), number(flow, 'end')]
  const [up, down] = [number(flow, 'c.bytes'), number(flow, 's.bytes')]
  if (start === null || end === null || end <= start || up === null || down === null) return ''
  const rate = (bytes: number) => `${size(Math.round((bytes * 1_000_000) / (end - start)))}/s`
  return `${rate(up)} up, ${rate(down)} down`
}

/** The protocol in the version that is spoken, whatever else was offered. */
function protocol(json: unknown): string {
  const [kind, version] = [text(json, 'kind'), text(json, 'version')]
  if (kind === 'http') return `HTTP/${version}`
  const name = kind === 'quic' ? 'QUIC' : text(json, 'engine') || text(json, 'proto')
  return [name, version].filter(Boolean).join(' ')
}
