/** Where the time of a request went: bars one after the other, exact to the microsecond. */

import { text } from '../../../lib/json'
import { number } from './model'

export interface Bar {
  name: 'DNS' | 'TCP' | 'TLS' | 'send' | 'wait' | 'network' | 'server' | 'receive'
  startUs: number
  us: number
  help: string
}

/** Records that are of the begin of a connection. */
const OPENING: ReadonlySet<string> = new Set(['tls', 'flow'])

/**
 * The bars of a record with its flow. A connection is opened for its first request alone: later ones have no TCP and
 * TLS bar. `dns` is the lookup that led to it, if one is known.
 */
export function bars(json: unknown, flow: unknown, dns: unknown): Bar[] {
  const found: Bar[] = []
  let at = 0
  const add = (name: Bar['name'], us: number | null, help: string) => {
    if (us === null) return
    found.push({ name, startUs: at, us, help })
    at += us
  }
  const index = number(json, 'index')
  if (index === 0 || OPENING.has(text(json, 'kind'))) {
    add('DNS', number(dns, 'latency_us'), `${text(dns, 'qname') || 'the name'} was looked up`)
    add('TCP', number(flow, 'hs_us'), 'SYN to the acknowledgement of its answer')
    add('TLS', number(flow, 'tls_us') ?? number(json, 'hs_us'), 'the handshake')
  }
  add('send', number(json, 'req_us'), 'first to last byte of the request')
  const [net, server] = [number(json, 'net_us'), number(json, 'server_us')]
  if (net !== null && server !== null) {
    add('network', net, 'on the way there and back, seen at both ends')
    add('server', server, 'at the server')
  } else
    add(
      'wait',
      number(json, 'wait_us') ?? number(json, 'latency_us'),
      'last byte of the request to first byte of the answer',
    )
  add('receive', number(json, 'resp_us'), 'first to last byte of the answer')
  return found
}

export const length = (all: readonly Bar[]): number =>
  all.reduce((most, { startUs, us }) => Math.max(most, startUs + us), 0)
