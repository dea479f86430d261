/** Copying, with its result in the status line. */

import type { Console } from './console'

export function copy(console: Console, text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => console.results.add(true, `copied ${what}`),
    () => console.results.add(false, 'the browser refused access to the clipboard'),
  )
}
