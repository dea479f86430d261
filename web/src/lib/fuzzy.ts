/** Scores how well `text` holds the letters of `pattern` in order; 0 is no match. Word starts and runs count more. */
export function fuzzy(pattern: string, text: string): number {
  if (pattern === '') return 1
  const needle = pattern.toLowerCase()
  const hay = text.toLowerCase()
  const whole = hay.indexOf(needle)
  if (whole >= 0)
    return 1000 - Math.min(whole, 200) - Math.min(hay.length - needle.length, 200) + (whole === 0 ? 200 : 0)
  let score = 0
  let at = 0
  let run = 0
  for (const letter of needle) {
    const found = hay.indexOf(letter, at)
    if (found < 0) return 0
    const start = found === 0 || /[^a-z0-9]/.test(hay[found - 1] ?? ' ')
    run = found === at && at > 0 ? run + 1 : 0
    score += 4 + run * 4 + (start ? 8 : 0) - Math.min(found - at, 4)
    at = found + 1
  }
  return Math.max(1, score)
}
