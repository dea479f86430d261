import { SHAPES } from '../../../lib/cell'
import { Button } from '../../../ui/Button'
import { useConsole } from '../../../ui/console'
import { errorBody } from '../../../wire/rest'
import { type AppAct, actOnApp, type Place } from '../../../wire/workspaces'
import type { App } from './inside'
import css from './overview.module.css'

const WORDS: Readonly<Record<AppAct, string>> = { install: 'Install', start: 'Start', stop: 'Stop', restart: 'Restart' }

interface Props {
  workspace: Place
  apps: readonly App[]
  open: (service: { app: string }) => void
  /** The same within the page. */
  show: (service: { app: string }) => void
  /** Its log: how it was installed, what it prints. */
  log: (app: App) => void
  /** Reads them anew. */
  again: () => void
}

/** The apps of a blueprint: how they are, opened in a tab, started and stopped. */
export function AppTable({ workspace, apps, open, show, log, again }: Props) {
  const console = useConsole()
  const act = async (app: App, what: AppAct) => {
    try {
      await console.wants.answered(`${WORDS[what]} ${app.name}`, WORDS[what], (answers) =>
        actOnApp(workspace, app.id, what, answers),
      )
      console.results.add(true, `${app.name}: ${WORDS[what].toLowerCase()}`)
    } catch (thrown) {
      const { message, code } = errorBody(thrown)
      console.results.add(false, `${app.name}: ${message} (${code})`)
    }
    again()
  }
  return (
    <table className={css.table}>
      <thead>
        <tr>
          <th>App</th>
          <th>State</th>
          <th>Version</th>
          <th className={css.count}>Port</th>
          <th>
            <span className="unseen">Open</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {apps.map((app) => (
          <tr key={app.id}>
            <td>{app.name}</td>
            <td className={css[`level${app.level}`]} title={app.ended}>
              <i>{SHAPES[app.level] || '○'}</i> {app.state}
            </td>
            <td>{app.version}</td>
            <td className={css.count}>{app.port}</td>
            <td className={css.acts}>
              {!console.session.get().read_only &&
                app.acts.map((what) => (
                  <Button key={what} onClick={() => void act(app, what)}>
                    {WORDS[what]}
                    <span className="unseen"> {app.name}</span>
                  </Button>
                ))}{' '}
              <Button onClick={() => log(app)}>
                Log<span className="unseen"> of {app.name}</span>
              </Button>{' '}
              {app.web && (
                <>
                  <Button disabled={app.state !== 'running'} onClick={() => show({ app: app.id })}>
                    Show here<span className="unseen"> {app.name}</span>
                  </Button>{' '}
                  <Button look="outlined" disabled={app.state !== 'running'} onClick={() => open({ app: app.id })}>
                    Open<span className="unseen"> {app.name}</span>
                  </Button>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
