import type { BlueprintProblem } from '../../../wire/api'
import { type Draft, labelsOf, type Placed, portsOf, variables } from './draft'
import { Field } from './Field'
import css from './launch.module.css'

interface Props {
  draft: Draft
  problems: Placed
  change: (part: Partial<Draft>) => void
}

/** What few launches need: limits beside the blueprint's, variables, a note. */
export function MoreFields({ draft, problems, change }: Props) {
  const said = (name: string) => (problems.fields.get(name) ?? []).map(({ message }: BlueprintProblem) => message)
  const filled = [
    draft.cpu,
    draft.memory,
    draft.dotfiles,
    draft.env,
    draft.args,
    draft.labels,
    draft.ports,
    draft.notes,
  ]
  const first = filled.some((text) => text !== '')
  return (
    <details className={css.more} open={first || ['cpu', 'memory', 'dotfiles'].some((name) => said(name).length > 0)}>
      <summary>More: limits, dotfiles, variables, arguments, ports, labels, a note</summary>
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
        id="launch-dotfiles"
        label="Dotfiles"
        hint="applied after the init scripts: https://host/owner/dotfiles#ref, or a folder in the workspace (~/dotfiles); remembered here"
        problems={said('dotfiles')}
      >
        <input
          id="launch-dotfiles"
          className={css.input}
          value={draft.dotfiles}
          maxLength={1024}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={said('dotfiles').length > 0}
          aria-describedby="launch-dotfiles-said"
          onChange={(event) => change({ dotfiles: event.target.value })}
        />
      </Field>
      <Lines
        name="env"
        label="Variables"
        hint="NAME=value, one on a line; no secrets: whoever may read the workspace reads them"
        draft={draft}
        wrong={variables(draft.env).wrong}
        change={change}
      />
      <Lines
        name="args"
        label="Arguments"
        hint="of the image’s entrypoint, one on a line"
        draft={draft}
        wrong={null}
        change={change}
      />
      <Lines
        name="ports"
        label="Ports"
        hint="that it listens on: 8080, or web=8080"
        rows={1}
        draft={draft}
        wrong={portsOf(draft.ports).wrong}
        change={change}
      />
      <Lines
        name="labels"
        label="Labels"
        hint="of its pod: name=value, one on a line"
        draft={draft}
        wrong={labelsOf(draft.labels).wrong}
        change={change}
      />
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

interface LinesProps {
  name: 'env' | 'args' | 'ports' | 'labels'
  label: string
  hint: string
  rows?: number
  draft: Draft
  /** The first line that is none. */
  wrong: string | null
  change: (part: Partial<Draft>) => void
}

function Lines({ name, label, hint, rows = 3, draft, wrong, change }: LinesProps) {
  const id = `launch-${name}`
  return (
    <Field id={id} label={label} hint={hint} problems={wrong === null ? [] : [wrong]}>
      <textarea
        id={id}
        className={css.area}
        rows={rows}
        value={draft[name]}
        spellCheck={false}
        aria-invalid={wrong !== null}
        aria-describedby={`${id}-said`}
        onChange={(event) => change({ [name]: event.target.value })}
      />
    </Field>
  )
}
