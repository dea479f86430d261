import { grouped, size } from '../../lib/text'
import { clock } from '../../lib/time'
import type { TapStep, TapTarget } from '../../wire/api'
import { podStanding } from './standing'
import css from './traffic.module.css'

const PROFILES: Readonly<Record<string, string>> = {
  netraw: 'packets',
  inherited: 'packets, rights of the runtime',
  sockets: 'no packets allowed: connections alone',
}

/** The pods of a tap: how each stands, and why one is not tapped. */
export function Pods({ targets }: { targets: readonly TapTarget[] }) {
  if (targets.length === 0) return <p className={css.nopods}>No pod matches yet; the first one that comes is tapped.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
    <section className={css.pods} aria-label="Pods of the tap" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Pod</th>
            <th scope="col">State</th>
            <th scope="col">How</th>
            <th scope="col" className={css.right}>
              Records
            </th>
            <th scope="col" className={css.right}>
              Packets
            </th>
            <th scope="col" className={css.right}>
              Bytes
            </th>
            <th scope="col" className={css.right}>
              Lost
            </th>
          </tr>
        </thead>
        <tbody>
          {targets.map((target) => {
            const state = podStanding(target)
            const { totals, error, profile, waits, steps } = target
            return (
              <tr key={`${target.namespace}/${target.pod}`}>
                <td>
                  <span className={css.dim}>{target.namespace}/</span>
                  {target.pod}
                </td>
                <td className={css[`level${state.level}`]}>
                  <i>{state.shape}</i> {state.word}
                </td>
                <td className={css.why}>
                  {error ? (
                    <>
                      {error.message} <code>{error.code}</code>
                    </>
                  ) : (
                    waits || (PROFILES[profile ?? ''] ?? profile)
                  )}
                  <Steps steps={steps ?? []} />
                </td>
                <td className={css.right}>{grouped(totals.records)}</td>
                <td className={css.right}>{grouped(totals.packets)}</td>
                <td className={css.right}>{size(totals.bytes)}</td>
                <td className={`${css.right} ${totals.lost > 0 ? css.level3 : ''}`}>{grouped(totals.lost)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

/** The steps of a pod, each with its time since the tap found it. */
function Steps({ steps }: { steps: readonly TapStep[] }) {
  const first = steps[0]
  if (first === undefined) return null
  const since = (at: number) => `${((at - first.at_ms) / 1000).toFixed(1)} s`
  return (
    <div className={css.dim} title={`found at ${clock(first.at_ms)}`}>
      {steps.map((one) => `${one.step} ${since(one.at_ms)}`).join(' → ')}
    </div>
  )
}
