/** Ages as kubectl prints them; the same rules as `base::age`, held together by shared test vectors. */

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** The age of something that happened at `thenMs`, seen at `nowMs`. */
export function age(nowMs: number, thenMs: number): string {
  return human(Math.trunc((nowMs - thenMs) / 1000))
}

/** A length of whole seconds in at most two units. */
export function human(s: number): string {
  if (s < -1) return '<invalid>'
  if (s < 0) return '0s'
  if (s < 2 * MINUTE) return `${s}s`
  if (s < 10 * MINUTE) return two(s / MINUTE, 'm', s % MINUTE, 's')
  if (s < 3 * HOUR) return `${Math.floor(s / MINUTE)}m`
  if (s < 8 * HOUR) return two(s / HOUR, 'h', (s % HOUR) / MINUTE, 'm')
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)}h`
  if (s < 8 * DAY) return two(s / DAY, 'd', (s % DAY) / HOUR, 'h')
  if (s < 2 * YEAR) return `${Math.floor(s / DAY)}d`
  if (s < 8 * YEAR) return two(s / YEAR, 'y', (s % YEAR) / DAY, 'd')
  return `${Math.floor(s / YEAR)}y`
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor(small)
  return rest === 0 ? `${Math.floor(large)}${largeUnit}` : `${Math.floor(large)}${largeUnit}${rest}${smallUnit}`
}
