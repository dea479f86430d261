import { SHAPES } from '../../../lib/cell'
import { Button } from '../../../ui/Button'
import { endpoints, facts, flags, verdict } from './model'
import css from './record.module.css'
import { Waterfall } from './Waterfall'

interface Props {
  json: unknown
  flow: unknown
  /** Goes to a pod. */
  go: (pod: { namespace: string; name: string }) => void
}

/** A record at a glance: where its time went, between whom, whether it could be read, what is not whole. */
export function Overview({ json, flow, go }: Props) {
  const said = verdict(json, flow)
  const marks = flags(json)
  return (
    <div className={css.overview}>
      {marks.length > 0 && (
        <ul className={css.flags}>
          {marks.map((mark) => (
            <li key={mark.text} className={css[`level${mark.level}`]}>
              <i>{SHAPES[mark.level]}</i> {mark.text}
            </li>
          ))}
        </ul>
      )}
      <Waterfall json={json} flow={flow} dns={null} />
      <div className={css.ends}>
        {endpoints(json).map((end) => (
          <section key={end.role} className={css.end} aria-label={end.role}>
            <h3>{end.role}</h3>
            <p className={css.name}>{end.name}</p>
            <p className={css.mono}>{end.address}</p>
            <Pairs all={end.facts} />
            {end.pod !== null && (
              <Button
                look="outlined"
                title={`Shows ${end.pod.namespace}/${end.pod.name}`}
                onClick={() => end.pod && go(end.pod)}
              >
                Open the pod
              </Button>
            )}
          </section>
        ))}
      </div>
      {said !== null && (
        <section className={css.part}>
          <h3>Could it be read?</h3>
          <p className={css[`level${said.level}`]}>
            <i>{SHAPES[said.level]}</i> {said.words}
          </p>
          {said.next !== '' && <p className={css.next}>Next: {said.next}</p>}
        </section>
      )}
      <section className={css.part}>
        <h3>Facts</h3>
        <Pairs all={facts(json, flow)} />
      </section>
    </div>
  )
}

export function Pairs({ all }: { all: ReadonlyArray<readonly [string, string]> }) {
  return (
    <dl className={css.pairs}>
      {all.map(([key, value], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: headers may repeat, and their order is what they are
        <div key={at}>
          <dt>{key}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
