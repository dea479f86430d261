/** Text on its way to the screen. */

/** `cart-6dd8…b94f4`: keeps both ends within `room` characters, more of the head. */
export function elide(text: string, room: number): string {
  const points = [...text]
  if (points.length <= room) return text
  // `namespace/name` loses its namespace first.
  const slash = text.indexOf('/')
  if (slash > 0 && slash === text.lastIndexOf('/') && slash < text.length - 1) return elide(text.slice(slash + 1), room)
  if (room <= 1) return '…'
  const tail = Math.min(8, Math.floor((room - 1) * 0.4))
  const head = room - 1 - tail
  return `${points.slice(0, head).join('')}…${tail > 0 ? points.slice(-tail).join('') : ''}`
}

/** 1204 → `1,204`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Two initials of a name: of its first two words, or its first two letters. */
export function initials(name: string): string {
  const tail = name.split('/').pop() ?? name
  const words = tail.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const [first = '?', second] = words
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0], [...second][0]]
  return letters.join('').toUpperCase()
}

/** A hue in degrees that always is the same for a name (FNV-1a). */
export function hue(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % 360
}

/** Bytes with one unit for people: `3 B`, `1.2 KiB`. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}

/** One line of tab-separated values; a cell that a spreadsheet would run as a formula is quoted with an apostrophe. */
export function tsv(cells: readonly string[]): string {
  return cells
    .map((cell) => {
      const flat = cell.replace(/[\t\r\n]+/g, ' ')
      return /^[=+\-@]/.test(flat) && !/^-?\d+(\.\d+)?$/.test(flat) ? `'${flat}` : flat
    })
    .join('\t')
}
