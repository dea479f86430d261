import { KEYS, label, type Scope } from '../../lib/keys'
import { useConsole, useStore } from '../../ui/console'
import { Modal } from '../../ui/Modal'
import css from './help.module.css'

const SCOPES: ReadonlyArray<readonly [Scope, string]> = [
  ['table', 'Table'],
  ['anywhere', 'Anywhere'],
  ['detail', 'Detail pane'],
  ['traffic', 'Records of a tap'],
  ['record', 'Pane of a record'],
  ['workspaces', 'Workspaces'],
  ['workspace', 'Page of a workspace'],
  ['terminal', 'Terminal of a workspace'],
  ['files', 'Files of a workspace'],
  ['jobs', 'Jobs of workspaces'],
  ['launch', 'Launch form'],
  ['plan', 'Plan'],
]
const MAC = navigator.platform.startsWith('Mac')

/** Every key of every scope, made from the one table; with why an act is not there. */
export function Help() {
  const console = useConsole()
  const overlay = useStore(console.overlay)
  useStore(console.commands.changed)
  if (overlay?.is !== 'help') return null
  return (
    <Modal title="Keys" wide onClose={() => console.overlay.set(null)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key */}
      <section className={css.sheet} aria-label="Keys by scope" tabIndex={0}>
        {SCOPES.map(([scope, title]) => (
          <section key={scope} className={css.scope}>
            <h2>{title}</h2>
            <dl>
              {KEYS.filter((entry) => entry.scope === scope && entry.quiet !== true).map((entry) => {
                const reason = console.commands.reason(entry.id)
                return (
                  <div key={entry.id} className={css.line}>
                    <dt>
                      {entry.keys.map((name) => (
                        <kbd key={name}>{label(name, MAC)}</kbd>
                      ))}
                    </dt>
                    <dd>
                      {entry.title}
                      {reason !== null && <small>{reason}</small>}
                    </dd>
                  </div>
                )
              })}
            </dl>
          </section>
        ))}
      </section>
    </Modal>
  )
}
