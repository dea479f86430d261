import type { ReactNode } from 'react'
import { age } from '../../../lib/age'
import { display } from '../../../lib/cell'
import { isGood } from '../../../lib/conditions'
import { Conditions } from '../../../ui/Conditions'
import { useConsole } from '../../../ui/console'
import { useNow } from '../../../ui/useNow'
import type { Workspace } from '../../../wire/api'
import { Done } from './Done'
import { Made } from './Made'
import css from './overview.module.css'
import { Why } from './Why'

/** What a workspace is, why it runs or stands still, what it is made of and what it has. */
export function Overview({ workspace }: { workspace: Workspace }) {
  const { socket } = useConsole()
  const now = useNow(socket.clock)
  const { resources, volumes, pod, last_activity: used, phase } = workspace
  const stopped = phase === 'Stopped' || phase === 'Stopping'
  const ago = (ms: number) => `${age(now, ms)} ago`
  return (
    <div className={css.overview}>
      <div className={css.column}>
        <Why workspace={workspace} now={now} />
        <Part title="What it is">
          <Facts
            of={[
              ['Owner', workspace.owner],
              ['Organization', workspace.org],
              ['Blueprint', workspace.blueprint || 'none: an image alone'],
              ['Image', workspace.image],
              ['Made', ago(workspace.created_ms)],
              ['Pod', pod === null ? '' : pod.name],
              ['Node', workspace.node],
              ['Runs', pod?.started_ms == null ? '' : `for ${age(now, pod.started_ms)}`],
              ['Restarts', pod === null || pod.restarts === 0 ? '' : String(pod.restarts)],
              ['In the cluster', workspace.service_dns],
              ['Agent', workspace.agent_version],
              ['Newer blueprint', newer(workspace)],
            ]}
          />
        </Part>
        <Part title="What it may use">
          <Facts
            of={[
              ['CPU', amount(resources.applied_cpu, resources.cpu)],
              ['Memory', amount(short(resources.applied_memory), short(resources.memory))],
            ]}
            none="No limits are known."
          />
        </Part>
        <Part title="Volumes">
          {volumes.length === 0 ? (
            <p className={css.none}>None: what is written in it goes when it stops.</p>
          ) : (
            <table className={css.table}>
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Type</th>
                  <th>Claim</th>
                  <th className={css.right}>Used</th>
                  <th className={css.right}>Size</th>
                </tr>
              </thead>
              <tbody>
                {volumes.map((one) => (
                  <tr key={one.name}>
                    <td>{one.name}</td>
                    <td>{one.type}</td>
                    <td title={one.claim}>{one.claim}</td>
                    <td className={css.right}>{one.used}</td>
                    <td className={css.right}>{one.size}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Part>
        <Part title="Use">
          <Facts
            of={[
              [
                'Last used',
                used === null ? '' : `${ago(used.at_ms)}, ${used.door}${used.detail && `: ${used.detail}`}`,
              ],
              ['Idle', workspace.idle_since_ms === null ? '' : `for ${age(now, workspace.idle_since_ms)}`],
              ['Stops', workspace.stop_at_ms === null ? '' : `in ${age(workspace.stop_at_ms, now)} if nobody uses it`],
            ]}
            none="Nobody has used it yet."
          />
        </Part>
      </div>
      <div className={css.column}>
        <Part title="Conditions">
          <Conditions
            now={now}
            of={workspace.conditions.map(({ type, status, reason, message, since_ms }) => ({
              type,
              status,
              reason,
              message,
              atMs: since_ms ?? Number.NaN,
              good: isGood(type, status) || harmless(type, reason, stopped),
            }))}
          />
        </Part>
        <Made workspace={workspace} />
        <Done workspace={workspace} now={now} />
      </div>
    </div>
  )
}

/** Being idle or done with changes is no fault, and what stands still as it was asked to has nothing wrong with it. */
function harmless(type: string, reason: string, stopped: boolean): boolean {
  if (type === 'Idle' || type === 'Progressing' || reason === 'NotExposed') return true
  return stopped && (type === 'Ready' || reason === 'NotMeasured')
}

/** Bytes as people say them: `536870912` is `512Mi`. */
const short = (memory: string) => (/^\d{4,}$/.test(memory) ? display(Number(memory), 'bytes', 0) : memory)

function amount(applied: string, asked: string): string {
  if (applied === '') return asked
  return asked === '' || asked === applied ? applied : `${applied}, ${asked} asked for`
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.part}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** Facts that are there; `none` is said when none is. */
export function Facts({ of, none = '' }: { of: ReadonlyArray<readonly [string, string]>; none?: string }) {
  const there = of.filter(([, value]) => value !== '')
  if (there.length === 0) return <p className={css.none}>{none}</p>
  return (
    <dl className={css.facts}>
      {there.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What a newer blueprint changes, and when. */
function newer({ update_available, update_changes }: Workspace): string {
  if (update_available === '') return ''
  const changes = update_changes.map(({ field, from, to }) => `${field}: ${from || 'none'} → ${to || 'none'}`)
  return ['takes effect with the next start', ...changes].join('; ')
}
