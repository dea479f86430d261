/** The chips over the records of a tap: each is an expression that holds beside what the filter box says. */

export interface Chip {
  id: string
  title: string
  /** What it asks of a record; empty is all. */
  where: string
  help: string
}

/** Protocols as records name them, in the order in which people look for them. */
const PROTOCOLS: ReadonlyArray<readonly [string, string]> = [
  ['http', 'HTTP'],
  ['grpc', 'gRPC'],
  ['ws', 'WebSocket'],
  ['dns', 'DNS'],
  ['tls', 'TLS'],
  ['quic', 'QUIC'],
  ['redis', 'Redis'],
  ['postgres', 'PostgreSQL'],
  ['mysql', 'MySQL'],
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['icmp', 'ICMP'],
  ['loss', 'Losses'],
]

/** What Quarterdeck itself says to the pods is shown where it is asked for alone. */
const OTHERS = 'own = false'

export const ALL: Chip = { id: '', title: 'All', where: OTHERS, help: 'every record but Quarterdeck’s own' }

export const PROTOCOL_CHIPS: readonly Chip[] = PROTOCOLS.map(([id, title]) => ({
  id,
  title,
  where: `protocol = ${id} and ${OTHERS}`,
  help: `${title} alone`,
}))

export const QUALITY_CHIPS: readonly Chip[] = [
  {
    id: 'errors',
    title: 'Errors',
    where: `error = true and ${OTHERS}`,
    help: 'statuses from 400, failed calls, resets',
  },
  { id: 'slow', title: 'Slow', where: `wait >= 600ms and ${OTHERS}`, help: 'waited 600 ms or longer' },
  {
    id: 'partial',
    title: 'Partial',
    where: `partial = true and ${OTHERS}`,
    help: 'records of which a part was not seen, and gaps',
  },
  { id: 'own', title: 'Own', where: 'own = true', help: 'what Quarterdeck itself says to the pods' },
]

export const CHIPS: readonly Chip[] = [ALL, ...PROTOCOL_CHIPS, ...QUALITY_CHIPS]

export interface Combined {
  text: string
  /** Where the box's own text begins in it, and how many signs were put before its expression. */
  from: number
  shift: number
  /** Why the chip is not in it. */
  problem?: string
}

/** What the box says and the chip asks, as one filter. */
export function withChip(box: string, id: string): Combined {
  const { where } = CHIPS.find((chip) => chip.id === id) ?? ALL
  if (box.trim() === '') return { text: `where ${where}`, from: 0, shift: 0 }
  const found = /(^|\s)\/?where\s+/.exec(box)
  if (found === null) {
    // A regular expression goes up to the end: nothing can stand behind it.
    if (/(^|\s)!*\/?~/.test(box)) {
      const problem = id === ALL.id ? {} : { problem: 'a ~regex fills the whole filter' }
      return { text: box, from: 0, shift: 0, ...problem }
    }
    return { text: `${box} where ${where}`, from: 0, shift: 0 }
  }
  const from = found.index + found[0].length
  const own = box.slice(from)
  // Half a sentence keeps its own error.
  if (own.trim() === '') return { text: box, from: 0, shift: 0 }
  return { text: `${box.slice(0, from)}(${own}) and ${where}`, from, shift: 1 }
}

/** Where a place of the combined filter is in the box. */
export function inBox(combined: Combined, at: number): number {
  return at >= combined.from + combined.shift ? at - combined.shift : at
}
