import type { ReactNode } from 'react'
import { micros } from '../../lib/cell'
import css from './summary.module.css'

/** A length of time, or that there is none. */
export const time = (us: number | null) => (us === null ? '–' : micros(us))

/** A thin bar whose length says a share. */
export function Share({ part }: { part: number }) {
  return <i className={css.bar} ref={(element) => element?.style.setProperty('--part', String(part))} />
}

export interface Heading {
  title: ReactNode
  key: string
  /** Where it stands; left when absent. */
  at?: 'right' | 'share' | 'axis' | 'print'
}

/** Sums over the records of a tap: a table that scrolls, and what is to be known of it. */
export function Sums(props: { label: string; headings: readonly Heading[]; note: ReactNode; children: ReactNode }) {
  const { label, headings, note, children } = props
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
    <section className={css.view} aria-label={label} tabIndex={0}>
      <table className={css.table}>
        <thead>
          <tr>
            {headings.map(({ key, title, at }) => (
              <th key={key} scope="col" className={at === undefined ? undefined : css[at]}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
      <p className={css.note}>{note}</p>
    </section>
  )
}

/** Headings by their titles. */
export const right = (...titles: string[]): Heading[] => titles.map((title) => ({ title, key: title, at: 'right' }))
export const left = (...titles: string[]): Heading[] => titles.map((title) => ({ title, key: title }))
