import css from './choices.module.css'

interface Props<T> {
  /** What is chosen, for those who hear it. */
  legend: string
  /** Each with its name. */
  of: ReadonlyArray<readonly [T, string]>
  chosen: T
  choose: (one: T) => void
  title?: string
}

/** A few buttons of which one is pressed. */
export function Choices<T extends string | boolean>({ legend, of, chosen, choose, title }: Props<T>) {
  return (
    <fieldset className={css.choices} title={title}>
      <legend className="unseen">{legend}</legend>
      {of.map(([one, name]) => (
        <button
          key={name}
          type="button"
          className={css.choice}
          aria-pressed={one === chosen}
          onClick={() => one !== chosen && choose(one)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  )
}
