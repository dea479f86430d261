import type { BlueprintProblem } from '../../../wire/api'
import { type Draft, type Placed, variables } from './draft'
import { Field } from './Field'
import css from './launch.module.css'

interface Props {
  draft: Draft
  problems: Placed
  change: (part: Partial<Draft>) => void
}

/** What few launches need: limits beside the blueprint's, variables, a note. */
export function MoreFields({ draft, problems, change }: Props) {
  const { wrong } = variables(draft.env)
  const said = (name: string) => (problems.fields.get(name) ?? []).map(({ message }: BlueprintProblem) => message)
  const first = draft.cpu !== '' || draft.memory !== '' || draft.env !== '' || draft.notes !== ''
  return (
    <details className={css.more} open={first || said('cpu').length > 0 || said('memory').length > 0}>
      <summary>More: limits, variables, a note</summary>
      <Limit name="cpu" label="CPU limit" hint="500m, 2" draft={draft} problems={said('cpu')} change={change} />
      <Limit
        name="memory"
        label="Memory limit"
        hint="512Mi, 4Gi"
        draft={draft}
        problems={said('memory')}
        change={change}
      />
      <Field
        id="launch-env"
        label="Variables"
        hint="NAME=value, one on a line; no secrets: whoever may read the workspace reads them"
        problems={wrong === null ? [] : [wrong]}
      >
        <textarea
          id="launch-env"
          className={css.area}
          rows={3}
          value={draft.env}
          spellCheck={false}
          aria-invalid={wrong !== null}
          aria-describedby="launch-env-said"
          onChange={(event) => change({ env: event.target.value })}
        />
      </Field>
      <Field id="launch-notes" label="Note" hint="what people should know about it">
        <input
          id="launch-notes"
          className={css.input}
          value={draft.notes}
          maxLength={4096}
          onChange={(event) => change({ notes: event.target.value })}
        />
      </Field>
    </details>
  )
}

interface LimitProps {
  name: 'cpu' | 'memory'
  label: string
  hint: string
  draft: Draft
  problems: readonly string[]
  change: (part: Partial<Draft>) => void
}

function Limit({ name, label, hint, draft, problems, change }: LimitProps) {
  const id = `launch-${name}`
  return (
    <Field id={id} label={label} hint={`at most: ${hint}; the blueprint’s when left out`} problems={problems}>
      <input
        id={id}
        className={css.input}
        value={draft[name]}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={problems.length > 0}
        aria-describedby={`${id}-said`}
        onChange={(event) => change({ [name]: event.target.value })}
      />
    </Field>
  )
}
