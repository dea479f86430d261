import type { TailState } from '../../grid/tail'
import { grouped } from '../../lib/text'
import { Button } from '../../ui/Button'
import { keyOf } from '../../ui/Menu'
import css from './traffic.module.css'

interface Props {
  tail: TailState
  /** Why there is no newest row, if there is none. */
  unordered: string | null
  follow: () => void
  pause: () => void
}

/** Whether the list stays at its newest record, and how much came since it does not. */
export function Follow({ tail, unordered, follow, pause }: Props) {
  const { following, frozen, behind } = tail
  const more = behind > 0 ? `${grouped(behind)} new` : 'Follow'
  return (
    <div className={css.follow}>
      <Button
        aria-pressed={frozen}
        disabled={unordered !== null}
        title={unordered ?? `Freezes what is shown; the tap goes on (${keyOf('traffic.pause')})`}
        onClick={pause}
      >
        {frozen ? 'Go on' : 'Pause'}
      </Button>
      {following && unordered === null ? (
        <span className={css.following} role="status">
          <i>●</i> following
        </span>
      ) : (
        <Button
          look="outlined"
          disabled={unordered !== null}
          title={unordered ?? `To the newest record (${keyOf('traffic.follow')})`}
          onClick={follow}
        >
          {more} <kbd>{keyOf('traffic.follow')}</kbd>
        </Button>
      )}
    </div>
  )
}
