import css from './icon.module.css'

/** 16 px, one stroke set. Decorative: a word stands beside it or labels its button. */
const PATHS = {
  add: 'M8 3.5v9M3.5 8h9',
  auto: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  back: 'M9.5 3.5L5 8l4.5 4.5',
  below: 'M2.5 3.5h11v9h-11zM2.5 8.5h11',
  check: 'M3.5 8.5l3 3 6-7',
  chevron: 'M4.5 6.5L8 10l3.5-3.5',
  close: 'M4 4l8 8M12 4l-8 8',
  columns: 'M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9',
  copy: 'M5.5 5.5h7v8h-7zM10.5 5.5v-3h-7v8h2',
  eye: 'M1.5 8s2.4-4 6.5-4 6.5 4 6.5 4-2.4 4-6.5 4-6.5-4-6.5-4zM8 6.3a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4z',
  file: 'M4 2.5h5.5L12 5v8.5H4zM9.5 2.5V5H12',
  folder: 'M2 4h4l1.5 1.5H14v7H2z',
  follow: 'M2.5 8h9M8.5 5l3 3-3 3M13.5 3.5v9',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  reload: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  right: 'M2.5 3.5h11v9h-11zM9 3.5v9',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3',
  shell: 'M2.5 3.5h11v9h-11zM5 6.5l2 1.8-2 1.8M8.5 10.5h2.5',
  upload: 'M8 10.5v-7M5 6l3-3 3 3M3 12.5h10',
  warn: 'M8 2.5l6 11H2zM8 6.5v3.2M8 11.4v.4',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={css.icon} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
