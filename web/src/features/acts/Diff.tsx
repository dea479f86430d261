import { diffLines } from '../../lib/diff'
import css from './acts.module.css'

const SIGNS = { added: '+', removed: '−', same: ' ', hunk: '' } as const

/** A unified diff; every line has its sign as well as its colour. */
export function Diff({ diff }: { diff: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
    <section className={css.diff} aria-label="What changes" tabIndex={0}>
      {diffLines(diff).map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of one finished text
        <div key={at} className={css[line.kind]}>
          <span className={css.sign}>{SIGNS[line.kind]}</span>
          {line.text}
        </div>
      ))}
    </section>
  )
}
