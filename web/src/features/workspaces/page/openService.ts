/** Opens an app or a port of a workspace: in a tab of its own, or within the page. */

import type { Console } from '../../../ui/console'
import { errorBody } from '../../../wire/rest'
import { openService, type Place } from '../../../wire/workspaces'

export type Service = { port: number } | { app: string }

/** What it is called. */
export function wordFor(service: Service): string {
  return 'port' in service ? `port ${service.port}` : service.app
}

export async function openInTab(console: Console, place: Place, service: Service): Promise<void> {
  await asked(console, `Open ${wordFor(service)} of ${place.name}`, async (answers) => {
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
}

/** The URL for a frame of this page; `null` when there is none, which is told then. */
export async function openFramed(console: Console, place: Place, service: Service): Promise<string | null> {
  let url: string | null = null
  await asked(console, `Show ${wordFor(service)} of ${place.name}`, async (answers) => {
    url = (await openService(place, service, answers, true)).url
  })
  return url
}

type Asked = Parameters<Console['wants']['answered']>[2]

async function asked(console: Console, title: string, act: Asked): Promise<void> {
  try {
    await console.wants.answered(title, 'Open', act)
  } catch (thrown) {
    const { message, code } = errorBody(thrown)
    console.results.add(false, `${message} (${code})`)
  }
}
