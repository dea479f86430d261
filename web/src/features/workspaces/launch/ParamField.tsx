import { Select } from '../../../ui/Select'
import type { BlueprintParam, BlueprintProblem } from '../../../wire/api'
import { bounds } from './draft'
import { Field } from './Field'
import css from './launch.module.css'

interface Props {
  param: BlueprintParam
  value: string
  /** What it has where nothing is filled in. */
  standard: string
  /** What may be chosen now. */
  options: BlueprintParam['options']
  problems: readonly BlueprintProblem[]
  change: (value: string) => void
}

/** One parameter of a blueprint, in the form that its type has. */
export function ParamField({ param, value, standard, options, problems, change }: Props) {
  const id = `param-${param.name}`
  const missing = param.required && value === '' && standard === ''
  // What nobody has filled in yet is missing, and not wrong.
  const wrong = missing ? [] : problems.map(({ message }) => message)
  const hints = [
    param.description,
    bounds(param),
    param.mutable ? '' : 'cannot be changed later',
    missing ? 'has to be given' : '',
  ]
  return (
    <Field id={id} label={param.name} hint={hints.filter(Boolean).join(' · ')} problems={wrong}>
      {control()}
    </Field>
  )

  function control() {
    const described = { 'aria-invalid': wrong.length > 0, 'aria-describedby': `${id}-said` }
    if (param.type === 'bool') {
      const on = (value === '' ? standard : value) === 'true'
      return (
        <input
          id={id}
          type="checkbox"
          className={css.check}
          checked={on}
          onChange={(event) => change(String(event.target.checked))}
          {...described}
        />
      )
    }
    if (param.type === 'enum') {
      const named = options.map(
        ({ value: one, description }) => [one, description === '' ? one : `${one}: ${description}`] as const,
      )
      const now = value === '' ? standard : value
      // What was chosen before and is not there any more shows as that, with what is wrong below it.
      const gone = now === '' || options.some((one) => one.value === now) ? [] : [[now, `${now} ▲`] as const]
      const none = standard === '' ? [['', 'choose…'] as const] : []
      return <Select id={id} of={[...none, ...gone, ...named]} value={now} choose={change} />
    }
    return (
      <input
        id={id}
        className={css.input}
        value={value}
        placeholder={standard === '' ? PLACEHOLDERS[param.type] : standard}
        inputMode={param.type === 'number' ? 'decimal' : 'text'}
        required={param.required}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => change(event.target.value)}
        {...described}
      />
    )
  }
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  size: '500m, 4Gi',
  secret: 'NAME/KEY of a Secret',
}
