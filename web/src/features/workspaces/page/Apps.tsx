import { useState } from 'react'
import { Button } from '../../../ui/Button'
import { useConsole } from '../../../ui/console'
import { Failed, Skeleton } from '../../../ui/State'
import type { Workspace } from '../../../wire/api'
import { AppLog } from './AppLog'
import { AppTable } from './AppTable'
import { Connect } from './Connect'
import { Framed } from './Framed'
import type { App, Listening } from './inside'
import { Part } from './Overview'
import { openInTab, type Service } from './openService'
import css from './overview.module.css'
import { useInside } from './useInside'

/** What runs in it and what listens, each opened in a tab of its own or shown here; any other port too. */
export function Apps({ workspace }: { workspace: Workspace }) {
  const console = useConsole()
  const { value: inside, error, again } = useInside(workspace)
  const [shown, show] = useState<Service | null>(null)
  const [logged, log] = useState<App | null>(null)
  const open = (service: Service) => void openInTab(console, workspace, service)
  if (shown !== null) return <Framed workspace={workspace} service={shown} close={() => show(null)} />
  if (logged !== null) return <AppLog workspace={workspace} app={logged} close={() => log(null)} />
  return (
    <div className={css.apps}>
      <div className={css.connect}>
        <Connect open={(port) => open({ port })} />
        <span className={css.space} />
        <Button onClick={again}>Look again</Button>
      </div>
      {inside === null && error === null && <Skeleton lines={4} />}
      {error !== null && <Failed error={error} tried={`asking the daemon of ${workspace.name}`} onRetry={again} />}
      {inside !== null && error === null && inside.apps.length > 0 && (
        <Part title="Apps">
          <AppTable workspace={workspace} apps={inside.apps} open={open} show={show} log={log} again={again} />
        </Part>
      )}
      {inside !== null && error === null && (
        <Part title="Ports that somebody listens on">
          {inside.ports.length === 0 ? (
            <p className={css.none}>None. What listens is here, on 127.0.0.1 too, and opens in a tab.</p>
          ) : (
            <PortTable ports={inside.ports} open={open} show={show} />
          )}
        </Part>
      )}
    </div>
  )
}

type Opens = (service: { port: number }) => void

function PortTable({ ports, open, show }: { ports: readonly Listening[]; open: Opens; show: Opens }) {
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th className={css.count}>Port</th>
          <th>Name</th>
          <th>Program</th>
          <th>Reached</th>
          <th>
            <span className="unseen">Open</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {ports.map(({ port, name, process, loopback }) => (
          <tr key={port}>
            <td className={css.count}>{port}</td>
            <td>{name}</td>
            <td>{process}</td>
            <td>{loopback ? 'from inside, and here' : 'from the cluster, and here'}</td>
            <td className={css.right}>
              <Button onClick={() => show({ port })}>
                Show here<span className="unseen"> port {port}</span>
              </Button>{' '}
              <Button look="outlined" onClick={() => open({ port })}>
                Open<span className="unseen"> port {port}</span>
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
