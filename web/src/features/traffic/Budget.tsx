import { grouped, size } from '../../lib/text'
import type { TapStats } from '../../wire/api'
import { readStats } from '../../wire/taps'
import css from './traffic.module.css'
import { useSummary } from './useReread'

/** From this share on, what is kept is said to become full. */
const NEAR = 0.8

/** How full what a tap keeps is; nothing while there is room. */
export function Budget({ tap, gone }: { tap: string; gone: number }) {
  const state = useSummary(tap, readStats)
  if (state.is !== 'here') return null
  const bars = budgets(state.value).filter(({ used, of }) => used >= of * NEAR)
  const { spool } = state.value
  if (bars.length === 0 && spool?.error === undefined) return null
  return (
    <div className={css.loss} role="note">
      {bars.map(({ title, used, of }) => (
        <span key={title} className={css.budget}>
          {title}
          <meter min={0} max={of} high={of * NEAR} value={used} aria-label={`${title}: room taken`} />
          {size(used)} of {size(of)}
        </span>
      ))}
      {bars.some(({ title }) => title === 'Records') && gone > 0 && (
        <span>▲ The oldest {grouped(gone)} records made room: download what has to stay, or clear.</span>
      )}
      {spool?.error !== undefined && (
        <span className={css.level3}>
          ▲ {spool.error.message} <code>{spool.error.code}</code>
        </span>
      )}
    </div>
  )
}

/** What has a budget, and how much of it is taken. */
export function budgets({
  record_bytes,
  record_budget,
  spool,
}: TapStats): Array<{ title: string; used: number; of: number }> {
  const all = [{ title: 'Records', used: record_bytes, of: record_budget }]
  if (spool !== null) all.push({ title: 'Packets', used: spool.bytes, of: spool.budget })
  return all.filter(({ of }) => of > 0)
}
