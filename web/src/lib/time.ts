/** Moments in the reader's zone. */

const padded = (part: number, digits = 2) => String(part).padStart(digits, '0')

/** `2026-11-21` of epoch milliseconds. */
export function day(ms: number): string {
  const then = new Date(ms)
  return `${then.getFullYear()}-${padded(then.getMonth() + 1)}-${padded(then.getDate())}`
}

/** `14:03` of epoch milliseconds. */
export function minute(ms: number): string {
  const then = new Date(ms)
  return `${padded(then.getHours())}:${padded(then.getMinutes())}`
}

/** `14:03:09` of epoch milliseconds. */
export function clock(ms: number): string {
  const then = new Date(ms)
  return `${minute(ms)}:${padded(then.getSeconds())}`
}

/** `14:03:09.123` of epoch microseconds. */
export function preciseClock(us: number): string {
  return `${clock(us / 1000)}.${padded(new Date(us / 1000).getMilliseconds(), 3)}`
}

/** `2026-11-21 14:03:07.123456` of epoch microseconds. */
export function moment(us: number): string {
  const part = ((us % 1_000_000) + 1_000_000) % 1_000_000
  return `${day(us / 1000)} ${clock(us / 1000)}.${padded(part, 6)}`
}
