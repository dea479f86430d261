/** What is said of a server's certificate, and which records are its handshakes. */

import type { Level } from '../../lib/cell'
import { grouped } from '../../lib/text'
import type { TapCertificate, TapTlsServer } from '../../wire/api'

/** When a certificate ends, in words, and how bad that is. */
export function expiry({ standing, days_left: left }: Pick<TapCertificate, 'standing' | 'days_left'>): {
  level: Level
  words: string
} {
  const days = (many: number) => (many === 1 ? '1 day' : `${grouped(many)} days`)
  switch (standing) {
    case 'expired':
      return { level: 4, words: left === undefined || left > -2 ? 'expired' : `expired ${days(-left - 1)} ago` }
    case 'early':
      return { level: 4, words: 'not valid yet' }
    case 'soon':
      return { level: 3, words: left === 0 ? 'today' : `${days(left ?? 0)} left` }
    case 'good':
      return { level: 1, words: `${days(left ?? 0)} left` }
    case 'unread':
      return { level: 2, words: 'not readable' }
  }
}

/** The filter of a server's handshakes: by the name that clients want, where they say one. */
export function handshakesOf({ server, ends }: Pick<TapTlsServer, 'server' | 'ends'>): string {
  const what = ends.includes(server) ? `destination = ${JSON.stringify(server)}` : `request ~ ${JSON.stringify(server)}`
  return `where protocol in ("tls", "quic") and ${what}`
}
