import { micros } from '../../../lib/cell'
import { grouped } from '../../../lib/text'
import css from './record.module.css'
import { bars, length } from './waterfall'

/** Bars DNS → TCP → TLS → send → wait → receive, with the exact time of each. */
export function Waterfall({ json, flow, dns }: { json: unknown; flow: unknown; dns: unknown }) {
  const all = bars(json, flow, dns)
  const total = length(all)
  if (all.length === 0) return null
  return (
    <section className={css.part} aria-label="Where the time went">
      <h3>
        Time <span className={css.mono}>{micros(total)}</span>
      </h3>
      <ol className={css.waterfall}>
        {all.map((bar) => (
          <li key={bar.name} title={`${bar.name}: ${grouped(bar.us)} µs, ${bar.help}`}>
            <span className={css.step}>{bar.name}</span>
            <span className={css.track}>
              <i
                className={css[bar.name]}
                ref={(element) => {
                  element?.style.setProperty('--from', String(total === 0 ? 0 : bar.startUs / total))
                  element?.style.setProperty('--part', String(total === 0 ? 0 : bar.us / total))
                }}
              />
            </span>
            <span className={css.time}>{micros(bar.us)}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
