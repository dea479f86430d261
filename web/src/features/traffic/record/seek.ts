/** Where a moment is among packets of which only some are here. */

/** The first packet that is not before `ns`; or one that has to be read before that can be said. */
export function seek(
  count: number,
  ns: bigint,
  tsOf: (number: number) => bigint | undefined,
): { found: number } | { need: number } {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const ts = tsOf(middle)
    if (ts === undefined) return { need: middle }
    if (ts < ns) low = middle + 1
    else high = middle
  }
  return { found: Math.max(0, Math.min(low, count - 1)) }
}
