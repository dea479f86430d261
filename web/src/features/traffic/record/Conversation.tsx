import { micros, SHAPES } from '../../../lib/cell'
import { grouped } from '../../../lib/text'
import type { TapFlow } from '../../../wire/api'
import { axis } from './axis'
import css from './record.module.css'
import { TICK_SHAPES, type Tick } from './ticks'

const KINDS: Readonly<Record<Tick['kind'], string>> = {
  repeated: 'level3',
  'closed window': 'level2',
  reset: 'level4',
  missing: 'hatched',
  lost: 'hatched',
}
const show = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'center' })

interface Props {
  flow: TapFlow
  record: string
  open: (id: string) => void
  /** What they are the records of. Those of a trace say between whom they were. */
  of?: 'flow' | 'trace'
}

/** All records of a flow or a trace on one axis; the one that is open is marked, and any of them opens. */
export function Conversation({ flow, record, open, of = 'flow' }: Props) {
  const { fromUs, us, places, ticks } = axis(flow.records)
  return (
    <div className={css.overview}>
      <p className={css.dim}>
        {grouped(places.length)} {of === 'trace' ? 'requests' : 'records'} in {micros(us)}
        {flow.more && ', and more that are not shown'}
      </p>
      {ticks.length > 0 && (
        <>
          <div className={css.connection}>
            <span className={css.kind}>connection</span>
            <span className={css.rail}>
              {ticks.map((tick, at) => (
                <span
                  // biome-ignore lint/suspicious/noArrayIndexKey: several may be of one moment
                  key={at}
                  className={`${css.tick} ${css[KINDS[tick.kind]]}`}
                  title={`${tick.help}\n+${micros(Math.max(0, tick.fromUs - fromUs))}${tick.us > 0 ? ` to +${micros(tick.fromUs + tick.us - fromUs)}` : ''}`}
                  ref={(element) => {
                    const end = tick.us > 0 && tick.kind !== 'lost' ? tick.fromUs + tick.us : tick.fromUs
                    element?.style.setProperty(
                      '--from',
                      String(us === 0 ? 0 : Math.max(0, Math.min(1, (end - fromUs) / us))),
                    )
                    element?.style.setProperty('--part', String(us === 0 || tick.kind !== 'lost' ? 0 : tick.us / us))
                  }}
                >
                  {TICK_SHAPES[tick.kind]}
                </span>
              ))}
            </span>
          </div>
          <ul className={css.ticklist}>
            {ticks.slice(0, 12).map((tick, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: several may be of one moment
              <li key={at}>
                <span className={css[KINDS[tick.kind]]}>{TICK_SHAPES[tick.kind] || '▨'}</span> {tick.help}{' '}
                <span className={css.dim}>
                  {tick.us > 0
                    ? `between +${micros(Math.max(0, tick.fromUs - fromUs))} and +${micros(tick.fromUs + tick.us - fromUs)}`
                    : `at +${micros(Math.max(0, tick.fromUs - fromUs))}`}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <ol className={css.lanes}>
        {places.map((place) => (
          <li key={place.id}>
            <button
              type="button"
              className={css.lane}
              aria-current={place.id === record ? 'true' : undefined}
              ref={place.id === record ? show : undefined}
              title={`${of === 'trace' ? `${place.between}\n` : ''}${place.title}\n+${grouped(place.startUs - fromUs)} µs, took ${grouped(place.us)} µs`}
              onClick={() => open(place.id)}
            >
              <span className={css.kind}>{place.kind}</span>
              <span className={css.what}>
                {of === 'trace' && `${place.between}: `}
                {place.title}
              </span>
              <span className={css[`level${place.level}`]}>
                <i>{SHAPES[place.level]}</i> {place.status}
              </span>
              <span className={css.track}>
                <i
                  className={place.gap ? css.hole : css.bar}
                  ref={(element) => {
                    element?.style.setProperty('--from', String(us === 0 ? 0 : (place.startUs - fromUs) / us))
                    element?.style.setProperty('--part', String(us === 0 ? 1 : place.us / us))
                  }}
                />
              </span>
              <span className={css.time}>+{micros(place.startUs - fromUs)}</span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  )
}
