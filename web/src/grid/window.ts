/** Which part of a list is asked for: what is on the screen, and as much again before it and after it. */

export interface Place {
  /** The first row on the screen, how many are there, and how many the list has. */
  top: number
  visible: number
  total: number
  /** Room for rows that are still to come, so that not each of them moves the window. */
  ahead: number
}

export interface Part {
  at: number
  len: number
}

/** Another window when the screen comes near the edge of this one; null while this one serves. */
export function moved(now: Part, { top, visible, total, ahead }: Place): Part | null {
  const spare = Math.ceil(visible / 2)
  const before = Math.max(0, top - spare)
  const after = Math.min(total, top + visible + spare)
  if (now.at <= before && after <= now.at + now.len && now.len >= Math.min(MOST, visible * 2)) return null
  const len = Math.min(MOST, Math.ceil((visible * 3) / 10) * 10 + ahead)
  return { at: Math.max(0, Math.min(top - visible, total + ahead - len)), len }
}

/** Rows of a window that a server gives. */
const MOST = 1000
