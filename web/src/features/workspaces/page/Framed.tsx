import { useEffect, useState } from 'react'
import { Button } from '../../../ui/Button'
import { useConsole } from '../../../ui/console'
import { Skeleton } from '../../../ui/State'
import type { Place } from '../../../wire/workspaces'
import css from './framed.module.css'
import { openFramed, openInTab, type Service, wordFor } from './openService'

interface Props {
  workspace: Place
  service: Service
  close: () => void
}

/** An app or a port within the page: on an origin of its own, which can neither lead the console away nor read of it. */
export function Framed({ workspace, service, close }: Props) {
  const console = useConsole()
  const [url, setUrl] = useState<string | null>(null)
  const [times, setTimes] = useState(0)
  const { cluster, namespace, name } = workspace
  const word = wordFor(service)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is its three names, and a login is made each time
  useEffect(() => {
    let here = true
    setUrl(null)
    void openFramed(console, workspace, service).then((url) => {
      if (!here) return
      if (url === null) close()
      else setUrl(url)
    })
    return () => {
      here = false
    }
  }, [cluster, namespace, name, word, times])
  return (
    <div className={css.framed}>
      <div className={css.bar}>
        <h3>{word}</h3>
        <Button onClick={() => setTimes(times + 1)}>Load again</Button>
        <Button onClick={() => void openInTab(console, workspace, service)}>Open in a tab</Button>
        <Button onClick={close}>Close</Button>
      </div>
      {url === null ? (
        <Skeleton lines={8} />
      ) : (
        <iframe
          className={css.frame}
          title={`${word} of ${name}`}
          src={url}
          sandbox="allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads allow-modals"
          allow="clipboard-write; fullscreen"
          referrerPolicy="no-referrer"
        />
      )}
    </div>
  )
}
