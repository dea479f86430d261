import css from './controls.module.css'

interface Props<T> {
  /** Each with its name. */
  of: ReadonlyArray<readonly [T, string]>
  value: T
  choose: (one: T) => void
  id?: string
  label?: string
}

/** One of some, in a list that opens. */
export function Select<T extends string | number | null>({ of, value, choose, id, label }: Props<T>) {
  const at = of.findIndex(([one]) => one === value)
  return (
    <select
      id={id}
      className={css.control}
      aria-label={label}
      value={at}
      onChange={(event) => {
        const chosen = of[Number(event.target.value)]
        if (chosen !== undefined) choose(chosen[0])
      }}
    >
      {of.map(([, name], place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the value
        <option key={place} value={place}>
          {name}
        </option>
      ))}
    </select>
  )
}
