import css from './files.module.css'
import { crumbs } from './listing'

/** The way to a folder; each part leads there. */
export function Crumbs({ path, home, go }: { path: string; home: string; go: (to: string) => void }) {
  const all = crumbs(path, home)
  return (
    <nav className={css.crumbs} aria-label="Folder" title={path}>
      {all.map((one, at) => (
        <button
          key={one.path}
          type="button"
          aria-current={at === all.length - 1 ? 'location' : undefined}
          onClick={() => go(one.path)}
        >
          {one.name}
        </button>
      ))}
    </nav>
  )
}
