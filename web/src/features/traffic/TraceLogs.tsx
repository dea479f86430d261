import { grouped } from '../../lib/text'
import { Failed, Skeleton } from '../../ui/State'
import css from './record/record.module.css'
import { useTraceLogs } from './useRecord'

/** What the pods of a trace wrote of it: the lines of their logs that name one of its ids, in order of time. */
export function TraceLogs({ tap, trace }: { tap: string; trace: string }) {
  const reading = useTraceLogs(tap, trace)
  if (reading.is === 'reading') return <Skeleton lines={3} />
  if (reading.is === 'failed')
    return <Failed error={reading.error} tried="reading the logs of its pods" onRetry={reading.again} />
  const { lines, pods, unread, ids, more } = reading.value
  return (
    <section className={css.overview} aria-label="Log lines">
      <h3>Log lines that name it</h3>
      {unread.map(({ pod, error }) => (
        <p key={pod} className={css.level3}>
          ▲ The log of {pod} was not read: {error.message} <code>{error.code}</code>
        </p>
      ))}
      {lines.length === 0 && pods.length > 0 && (
        <p className={css.dim}>
          No line of {pods.join(', ')} names {ids.join(' or ')}.
        </p>
      )}
      {lines.length === 0 && pods.length === 0 && unread.length === 0 && (
        <p className={css.dim}>No pod of this trace is known.</p>
      )}
      {lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
        <pre className={css.raw} tabIndex={0}>
          {lines.map(({ time, pod, container, text }) => `${time} ${pod} ${container}: ${text}`).join('\n')}
        </pre>
      )}
      {more && <p className={css.dim}>There is more than these {grouped(lines.length)} lines.</p>}
    </section>
  )
}
