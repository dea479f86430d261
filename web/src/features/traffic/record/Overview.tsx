import { micros, SHAPES } from '../../../lib/cell'
import { text } from '../../../lib/json'
import { Button } from '../../../ui/Button'
import { endpoints, facts, flags, summary, verdict } from './model'
import css from './record.module.css'
import { Waterfall } from './Waterfall'

interface Props {
  json: unknown
  flow: unknown
  /** The lookup that the connection began with. */
  dns: unknown
  /** Goes to a pod. */
  go: (pod: { namespace: string; name: string }) => void
  /** Shows all records of its trace. */
  trace: () => void
}

/** A record at a glance: where its time went, between whom, whether it could be read, what is not whole. */
export function Overview({ json, flow, dns, go, trace }: Props) {
  const said = verdict(json, flow)
  const marks = flags(json)
  const short = summary(json)
  const traced = text(json, 'trace.id')
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
      <p className={css.summary} role="note" aria-label="Summary">
        {short.us !== null && <b className={css.mono}>{micros(short.us)}</b>}
        {short.client !== '' && (
          <span>
            {short.client} → {short.server}
          </span>
        )}
        {short.first !== null && (
          <span className={css[`level${short.first.level}`]}>
            <i>{SHAPES[short.first.level]}</i> first byte after{' '}
            <span className={css.mono}>{micros(short.first.us)}</span>
          </span>
        )}
      </p>
      <Waterfall json={json} flow={flow} dns={dns} />
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
        {traced !== '' && (
          <p className={css.traced}>
            Trace <span className={css.mono}>{traced}</span>{' '}
            <Button look="outlined" title="All requests of this trace that the tap saw" onClick={trace}>
              Show the trace
            </Button>
          </p>
        )}
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
