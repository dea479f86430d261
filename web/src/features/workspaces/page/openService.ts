/** Opens an app or a port of a workspace in a tab of its own. */

import type { Console } from '../../../ui/console'
import { errorBody } from '../../../wire/rest'
import { openService, type Place } from '../../../wire/workspaces'

export async function openInTab(
  console: Console,
  place: Place,
  service: { port: number } | { app: string },
): Promise<void> {
  const what = 'port' in service ? `port ${service.port}` : service.app
  try {
    await console.wants.answered(`Open ${what} of ${place.name}`, 'Open', async (answers) => {
      // The tab is opened by the press itself: browsers stop one that comes later.
      const tab = window.open('about:blank', '_blank')
      try {
        const { url } = await openService(place, service, answers)
        if (tab === null) {
          console.results.add(false, 'the browser did not let a tab open: allow it for this page')
          return
        }
        tab.opener = null
        tab.location.replace(url)
      } catch (thrown) {
        tab?.close()
        throw thrown
      }
    })
  } catch (thrown) {
    const { message, code } = errorBody(thrown)
    console.results.add(false, `${message} (${code})`)
  }
}
