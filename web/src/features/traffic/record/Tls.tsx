import { micros } from '../../../lib/cell'
import { items, text } from '../../../lib/json'
import { day } from '../../../lib/time'
import { Empty } from '../../../ui/State'
import { number, words } from './model'
import { Pairs } from './Overview'
import css from './record.module.css'

/** The handshake: what was chosen, what was offered, who showed which certificate. */
export function Tls({ tls }: { tls: unknown }) {
  if (tls === null) {
    return (
      <Empty title="No TLS handshake was seen">
        <p>The connection is in the clear, or it began before the tap.</p>
      </Empty>
    )
  }
  const hs = number(tls, 'hs_us') ?? number(tls, 'initial_us')
  const yes = (name: string) => (text(tls, name) === 'true' ? 'yes' : '')
  const all: Array<[string, string]> = [
    ['Server name', text(tls, 'sni')],
    ['Version', text(tls, 'version')],
    ['Cipher', text(tls, 'cipher')],
    ['ALPN', text(tls, 'alpn')],
    ['Group', text(tls, 'group')],
    ['Handshake', hs === null ? '' : micros(hs)],
    ['Resumed', yes('resumed')],
    ['Early data', yes('early_data')],
    ['Retried hello', yes('hrr')],
    ['Encrypted hello', yes('ech')],
    ['Client certificate', yes('client_cert')],
    ['Alert', [text(tls, 'alert.from'), text(tls, 'alert.level'), text(tls, 'alert.name')].filter(Boolean).join(' ')],
    ['JA3', text(tls, 'ja3')],
    ['JA4', text(tls, 'ja4')],
    ['JA4S', text(tls, 'ja4s')],
    ['ALPN offered', words(tls, 'alpn_offered').join(', ')],
    ['Versions offered', words(tls, 'offered').join(', ')],
    ['Ciphers offered', words(tls, 'ciphers').join(', ')],
  ]
  return (
    <div className={css.overview}>
      <section className={css.part}>
        <Pairs all={all.filter(([, value]) => value !== '')} />
      </section>
      {items(tls, 'certs').map((cert, at) => (
        <section key={text(cert, 'sha256')} className={css.part}>
          <h3>{at === 0 ? 'Certificate' : `Issuer ${at}`}</h3>
          <Pairs
            all={(
              [
                ['Subject', text(cert, 'subject')],
                ['Issuer', text(cert, 'issuer')],
                ['Names', words(cert, 'sans').join(', ')],
                ['Valid', validity(cert)],
                ['Key', text(cert, 'key')],
                ['Serial', text(cert, 'serial')],
                ['SHA-256', text(cert, 'sha256')],
              ] as Array<[string, string]>
            ).filter(([, value]) => value !== '')}
          />
        </section>
      ))}
    </div>
  )
}

/** Certificates say epoch seconds. */
function validity(cert: unknown): string {
  const [from, to] = [number(cert, 'from'), number(cert, 'to')]
  const said = (seconds: number | null) => (seconds === null ? '?' : day(seconds * 1000))
  return from === null && to === null ? '' : `${said(from)} to ${said(to)}`
}
