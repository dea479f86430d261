import { Select } from '../../ui/Select'
import type { TapPackets } from '../../wire/api'
import css from './dialog.module.css'
import type { Wanted } from './tapRequest'

const LEVELS: ReadonlyArray<readonly [TapPackets, string, string]> = [
  ['none', 'Records alone', 'no packet leaves the pods'],
  ['headers', 'Headers', 'packets up to the transport, no payload'],
  ['masked', 'Masked', 'packets whose secrets are masked'],
  ['full', 'Full', 'packets as they are, secrets included'],
]
const LENGTHS: ReadonlyArray<readonly [number | null, string]> = [
  [60, '1 minute'],
  [300, '5 minutes'],
  [900, '15 minutes'],
  [3600, '1 hour'],
  [null, 'until stopped'],
]
const BODIES: ReadonlyArray<readonly [number, string]> = [
  [4096, 'the first 4 KiB'],
  [16_384, 'the first 16 KiB'],
  [65_536, 'the first 64 KiB'],
  [262_144, 'the first 256 KiB'],
]

/** Packets, bodies, duration, redaction. */
export function TapOptions({ wanted, change }: { wanted: Wanted; change: (part: Partial<Wanted>) => void }) {
  return (
    <>
      <fieldset className={css.line}>
        <legend className={css.label}>Packets</legend>
        <div className={css.choices}>
          {LEVELS.map(([level, title, help]) => (
            <label key={level} className={css.choice}>
              <input
                type="radio"
                name="packets"
                checked={wanted.packets === level}
                onChange={() => change({ packets: level, ...(level === 'full' ? {} : { unredacted: false }) })}
              />
              <span>
                {title}
                <small>{help}</small>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <div className={css.line}>
        <label className={css.label} htmlFor="tap-body">
          Bodies
        </label>
        <Select id="tap-body" of={BODIES} value={wanted.body} choose={(body) => change({ body })} />
      </div>
      <div className={css.line}>
        <label className={css.label} htmlFor="tap-seconds">
          Ends after
        </label>
        <Select id="tap-seconds" of={LENGTHS} value={wanted.seconds} choose={(seconds) => change({ seconds })} />
      </div>
      <div className={css.line}>
        <span className={css.label}>Secrets</span>
        <label className={css.check}>
          <input
            type="checkbox"
            checked={!wanted.unredacted}
            onChange={(event) => change({ unredacted: !event.target.checked })}
          />
          <span>
            Masked in the pod, before anything leaves it
            {wanted.unredacted && (
              <small className={css.warn}>
                ▲ Passwords, cookies and keys will be readable here and in files: a decision of its own.
              </small>
            )}
          </span>
        </label>
      </div>
    </>
  )
}
