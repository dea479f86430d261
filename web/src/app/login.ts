/**
 * The one-time code in the URL's fragment becomes the session cookie. The fragment leaves the address bar and the
 * history before anything else happens, so that it cannot be copied, bookmarked or shown.
 */

import type { Session } from '../wire/api'
import { login, session } from '../wire/rest'

/** Takes the code out of the address bar. */
export function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code')
  if (code === null) return null
  history.replaceState(null, '', location.pathname + location.search)
  return code
}

export async function enter(code: string | null): Promise<Session> {
  if (code !== null) await login(code)
  return session()
}
