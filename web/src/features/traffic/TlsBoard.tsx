import { SHAPES } from '../../lib/cell'
import { grouped } from '../../lib/text'
import { day } from '../../lib/time'
import { useConsole } from '../../ui/console'
import { Denied, Empty, Failed, Skeleton } from '../../ui/State'
import type { TapCertificate, TapTlsServer } from '../../wire/api'
import { readTls } from '../../wire/taps'
import { expiry, handshakesOf } from './certificate'
import { left, right, Sums } from './figures'
import css from './summary.module.css'
import { useSummary } from './useReread'

const HEADINGS = [
  ...left('Server', 'Expires', 'Subject', 'Issuer', 'Versions'),
  ...right('Connections', 'Failed'),
  ...['JA3', 'JA4', 'JA4S'].map((title) => ({ title, key: title, at: 'print' as const })),
]

/** Servers that speak TLS, whose certificate ends first before the others; a server opens its handshakes. */
export function TlsBoard({ tap, cluster }: { tap: string; cluster: string }) {
  const { navigation } = useConsole()
  const state = useSummary(tap, readTls)
  if (state.is === 'reading') return <Skeleton lines={9} />
  if (state.is === 'failed') {
    return state.error.code === 'rbac_denied' ? (
      <Denied error={state.error} cluster={cluster} />
    ) : (
      <Failed error={state.error} tried="adding up the records" onRetry={state.again} />
    )
  }
  const { servers, more } = state.value
  if (servers.length === 0) {
    return (
      <Empty title="No TLS handshake was seen yet">
        <p>
          Each server appears here with its first handshake. Connections that began before the tap do not show theirs.
        </p>
      </Empty>
    )
  }
  const records = (server: TapTlsServer) =>
    navigation.traffic({ show: 'records', chip: '' }, { filter: handshakesOf(server) })
  return (
    <Sums
      label="Servers that speak TLS"
      headings={HEADINGS}
      note={
        <>
          Over the records that are kept{more && '; there are more servers than these'}. With TLS 1.3 a certificate is
          seen only where the tap has the keys.
        </>
      }
    >
      {servers.map((server) => (
        <tr key={server.server}>
          <td>
            <button
              type="button"
              className={css.link}
              title={`Show its handshakes, at ${server.ends.join(', ')}`}
              onClick={() => records(server)}
            >
              {server.server}
            </button>
          </td>
          <Shown certificate={server.certificate} />
          <td>{server.versions.join(', ')}</td>
          <td className={css.right}>{grouped(server.connections)}</td>
          <td className={`${css.right} ${server.failed > 0 ? css.bad : css.dim}`}>{grouped(server.failed)}</td>
          <Prints of={server.ja3} />
          <Prints of={server.ja4} />
          <Prints of={server.ja4s} />
        </tr>
      ))}
    </Sums>
  )
}

function Shown({ certificate }: { certificate: TapCertificate | undefined }) {
  if (certificate === undefined) {
    return (
      <td className={css.dim} colSpan={3}>
        its certificate was not seen
      </td>
    )
  }
  const { level, words } = expiry(certificate)
  const { subject, issuer, sans, from, to, sha256, others, mismatch } = certificate
  const said = (seconds: number | undefined) => (seconds === undefined ? '?' : day(seconds * 1000))
  return (
    <>
      <td className={level === 4 ? css.bad : level === 3 ? css.warn : undefined} title={`${said(from)} to ${said(to)}`}>
        <i>{SHAPES[level]}</i> {words}
      </td>
      <td title={`good for ${sans.join(', ') || 'no name'}\nSHA-256 ${sha256}`}>
        {mismatch && <span className={css.bad}>■ another name: </span>}
        {subject}
        {others > 0 && <span className={css.dim}> and {others === 1 ? '1 other' : `${grouped(others)} others`}</span>}
      </td>
      <td>{issuer}</td>
    </>
  )
}

/** Fingerprints: the first, and how many more. */
function Prints({ of }: { of: readonly string[] }) {
  const [first, ...rest] = of
  return (
    <td className={css.print} title={of.join('\n')}>
      {first ?? '–'}
      {rest.length > 0 && <span className={css.dim}> +{rest.length}</span>}
    </td>
  )
}
