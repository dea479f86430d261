import type { ReactNode } from 'react'
import { age } from '../../lib/age'
import { SHAPES } from '../../lib/cell'
import { conditions } from '../../lib/conditions'
import { pairs } from '../../lib/json'
import { Conditions } from '../../ui/Conditions'
import { useConsole } from '../../ui/console'
import { useNow } from '../../ui/useNow'
import type { ObjectDetail } from '../../wire/api'
import { containers, facts } from './model'
import css from './overview.module.css'
import { SecretKeys } from './SecretKeys'

/** The object at a glance: what it is, whether it is well, what it is made of. */
export function Overview({ detail }: { detail: ObjectDetail }) {
  const { json } = detail
  const { socket } = useConsole()
  const now = useNow(socket.clock)
  const parts = containers(json)
  const states = conditions(json)
  return (
    <div className={css.overview}>
      <dl className={css.facts}>
        {facts(json).map((fact) => (
          <div key={`${fact.title} ${fact.value}`}>
            <dt>{fact.title}</dt>
            <dd>
              {fact.timeMs === undefined ? fact.value : <time title={fact.value}>{age(now, fact.timeMs)} ago</time>}
            </dd>
          </div>
        ))}
      </dl>
      {detail.secret_keys.length > 0 && <SecretKeys detail={detail} />}
      {parts.length > 0 && (
        <Part title="Containers">
          {parts.map((part) => (
            <div key={part.name} className={css.container}>
              <p>
                <b>{part.name}</b>
                {part.state !== '' && (
                  <span className={css[`level${part.level}`]}>
                    <i>{SHAPES[part.level]}</i> {part.state}
                  </span>
                )}
                {part.restarts > 0 && <span>{part.restarts} restarts</span>}
              </p>
              <p className={css.image}>{part.image}</p>
              <p className={css.small}>
                {[
                  part.last && `last: ${part.last}`,
                  part.ports && `ports ${part.ports}`,
                  part.requests && `requests ${part.requests}`,
                  part.limits && `limits ${part.limits}`,
                ]
                  .filter(Boolean)
                  .join('  ·  ')}
              </p>
            </div>
          ))}
        </Part>
      )}
      {states.length > 0 && (
        <Part title="Conditions">
          <Conditions of={states} now={now} />
        </Part>
      )}
      <Pairs title="Labels" all={pairs(json, 'metadata.labels')} />
      <Pairs title="Annotations" all={pairs(json, 'metadata.annotations')} />
    </div>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.part}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function Pairs({ title, all }: { title: string; all: ReadonlyArray<readonly [string, string]> }) {
  if (all.length === 0) return null
  return (
    <Part title={title}>
      <dl className={css.pairs}>
        {all.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </Part>
  )
}
