import css from './record.module.css'

const OPEN_DEPTH = 2
const MOST = 500

/** A value of JSON as a tree that folds; texts are texts. */
export function JsonTree({ value }: { value: unknown }) {
  return (
    <div className={css.tree}>
      <Node name={null} value={value} depth={0} />
    </div>
  )
}

function Node({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  const label = name === null ? null : <span className={css.member}>{name}: </span>
  if (typeof value !== 'object' || value === null) {
    return (
      <div className={css.leaf}>
        {label}
        <span className={typeof value === 'string' ? css.string : css.scalar}>{JSON.stringify(value)}</span>
      </div>
    )
  }
  const entries = Object.entries(value)
  const [first, last] = Array.isArray(value) ? '[]' : '{}'
  if (entries.length === 0) {
    return (
      <div className={css.leaf}>
        {label}
        {first}
        {last}
      </div>
    )
  }
  return (
    <details open={depth < OPEN_DEPTH} className={css.node}>
      <summary>
        {label}
        <span className={css.dim}>
          {first} {entries.length} {last}
        </span>
      </summary>
      {entries.slice(0, MOST).map(([key, item]) => (
        <Node key={key} name={key} value={item} depth={depth + 1} />
      ))}
      {entries.length > MOST && <div className={css.leaf}>… and {entries.length - MOST} more</div>}
    </details>
  )
}
