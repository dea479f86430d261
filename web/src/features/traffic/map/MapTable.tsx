import { grouped, size } from '../../../lib/text'
import type { TapEdge, TapMap } from '../../../wire/api'
import { left, right, Share, Sums, time } from '../figures'
import css from '../summary.module.css'

const HEADINGS = [
  ...left('Client', 'Server', 'Protocol'),
  ...right('Per second'),
  { title: 'Requests', key: 'Requests', at: 'share' as const },
  ...right('Failed', 'p50', 'p95', 'p99', 'Bytes'),
]

/** Who asks whom, the busiest first; a line opens its records. */
export function MapTable({ map, records }: { map: TapMap; records: (edge: TapEdge) => void }) {
  const { edges, from, to, more } = map
  const seconds = Math.max(1, (to - from) / 1e6)
  const most = Math.max(...edges.map(({ count }) => count))
  return (
    <Sums
      label="Who asks whom"
      headings={HEADINGS}
      note={
        <>
          Over the records that are kept{more && '; there are more pairs than these'}. Without an answer means that the
          first packet of a connection was never answered: refused on the way, as a rule.
        </>
      }
    >
      {edges.map((edge) => (
        <tr key={`${edge.source} ${edge.destination} ${edge.protocol}`}>
          <td>{edge.source}</td>
          <td>
            <button type="button" className={css.link} title="Show its records" onClick={() => records(edge)}>
              {edge.destination}
            </button>
          </td>
          <td className={css.dim}>{edge.protocol}</td>
          <td className={css.right}>{(edge.count / seconds).toFixed(edge.count / seconds < 10 ? 1 : 0)}</td>
          <td className={css.share}>
            <Share part={edge.count / most} />
            {grouped(edge.count)}
          </td>
          <td className={`${css.right} ${edge.errors + edge.unanswered > 0 ? css.bad : css.dim}`}>{failures(edge)}</td>
          <td className={css.right}>{time(edge.us.p50)}</td>
          <td className={css.right}>{time(edge.us.p95)}</td>
          <td className={css.right}>{time(edge.us.p99)}</td>
          <td className={css.right}>{size(edge.bytes)}</td>
        </tr>
      ))}
    </Sums>
  )
}

function failures({ count, errors, unanswered }: TapEdge): string {
  const words = []
  if (errors > 0) words.push(`${grouped(errors)} (${((100 * errors) / Math.max(1, count)).toFixed(1)} %)`)
  if (unanswered > 0) words.push(`${grouped(unanswered)} without an answer`)
  return words.join(', ') || '0'
}
