import { Virtual } from '../../../ui/Virtual'
import type { Mark } from './Layers'
import css from './packets.module.css'

const WIDTH = 16

/** Bytes as hexadecimal and letters, 16 a line; those that are marked stand out in both. */
export function Hex({ bytes, mark, label }: { bytes: Uint8Array; mark: Mark | null; label: string }) {
  return (
    <Virtual label={label} className={css.hex} count={Math.ceil(bytes.length / WIDTH)}>
      {(line) => <Line bytes={bytes.subarray(line * WIDTH, (line + 1) * WIDTH)} at={line * WIDTH} mark={mark} />}
    </Virtual>
  )
}

function Line({ bytes, at, mark }: { bytes: Uint8Array; at: number; mark: Mark | null }) {
  const from = mark === null ? 0 : Math.max(0, Math.min(bytes.length, mark.at - at))
  const to = mark === null ? 0 : Math.max(from, Math.min(bytes.length, mark.at + mark.len - at))
  const part = (start: number, end: number) => [...bytes.subarray(start, end)]
  const digits = (start: number, end: number) =>
    part(start, end)
      .map((byte, index) => `${start + index === 8 ? ' ' : ''}${byte.toString(16).padStart(2, '0')} `)
      .join('')
  const letters = (start: number, end: number) =>
    part(start, end)
      .map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.'))
      .join('')
  const fill = ' '.repeat((WIDTH - bytes.length) * 3 + (bytes.length <= 8 ? 1 : 0))
  return (
    <div className={css.hexline}>
      <span className={css.dim}>{at.toString(16).padStart(4, '0')} </span>
      {digits(0, from)}
      <mark>{digits(from, to)}</mark>
      {digits(to, bytes.length)}
      {fill} {letters(0, from)}
      <mark>{letters(from, to)}</mark>
      {letters(to, bytes.length)}
    </div>
  )
}
