import { useConsole } from '../../../ui/console'
import { Select } from '../../../ui/Select'
import type { BlueprintList, BlueprintPreview, BlueprintRow, ErrorBody } from '../../../wire/api'
import { choices, type Draft, isByFile, nameProblem, offered, type Placed, standard } from './draft'
import { Field } from './Field'
import css from './launch.module.css'
import { MoreFields } from './MoreFields'
import { ParamField } from './ParamField'
import { useNamespaces } from './useNamespaces'

/** No blueprint has this name. */
const BY_FILE = '.'

interface Props {
  draft: Draft
  list: BlueprintList
  chosen: BlueprintRow
  /** The parameters that are asked. */
  asked: readonly string[]
  /** What the server last said of it. */
  preview: BlueprintPreview | null
  problems: Placed
  /** Why it was not launched. */
  refused: ErrorBody | null
  change: (part: Partial<Draft>) => void
}

/** What is asked: where and what it is called, from which blueprint, and what that asks. */
export function LaunchFields({ draft, list, chosen, asked, preview, problems, refused, change }: Props) {
  const console = useConsole()
  const clusters = console.inView()
  const namespaces = useNamespaces(draft.cluster)
  const wrongName = draft.name === '' ? null : nameProblem(draft.name)
  const taken = refused?.code === 'workspace_exists' ? refused.message : null
  const wrongRepository = refused?.message.includes('address of a repository') ? [refused.message] : []
  const byFile = isByFile(draft)
  const fromFile = draft.repository.trim() === '' ? [] : [[BY_FILE, 'what the file of the repository says'] as const]
  const said = [wrongName, taken].flatMap((one) => (one === null ? [] : [one]))
  return (
    <>
      <Field
        id="launch-name"
        label="Name"
        hint={
          draft.repository.trim() === '' ? 'small letters, digits and -' : 'may be left out: that of the repository'
        }
        problems={said}
      >
        <input
          id="launch-name"
          className={css.input}
          value={draft.name}
          required={draft.repository.trim() === ''}
          maxLength={52}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={said.length > 0}
          aria-describedby="launch-name-said"
          onChange={(event) => change({ name: event.target.value })}
        />
      </Field>
      {clusters.length > 1 && (
        <Field id="launch-cluster" label="Cluster">
          <Select
            id="launch-cluster"
            of={clusters.map((name) => [name, name] as const)}
            value={draft.cluster}
            choose={(cluster) => change({ cluster })}
          />
        </Field>
      )}
      <Field id="launch-namespace" label="Namespace">
        <input
          id="launch-namespace"
          className={css.input}
          value={draft.namespace}
          list="launch-namespaces"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => change({ namespace: event.target.value })}
        />
        <datalist id="launch-namespaces">
          {namespaces.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Field>
      <Field
        id="launch-repository"
        label="Repository"
        hint="what it is for: a git address or the page of a pull request; with #ref for a branch or tag, else its default branch; no passwords"
        problems={wrongRepository}
      >
        <input
          id="launch-repository"
          className={css.input}
          value={draft.repository}
          placeholder="https://host/owner/name"
          maxLength={1024}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={wrongRepository.length > 0}
          aria-describedby="launch-repository-said"
          onChange={(event) => change({ repository: event.target.value })}
        />
      </Field>
      <Field
        id="launch-blueprint"
        label="Blueprint"
        hint={
          byFile
            ? '.quarterdeck.yaml, .k8shell.yaml, .k8shell, devcontainer.json or devfile.yaml'
            : [chosen.description, chosen.chain.length > 1 ? chosen.chain.join(' → ') : ''].filter(Boolean).join(' · ')
        }
      >
        <Select
          id="launch-blueprint"
          of={[
            ...fromFile,
            ...choices(list.blueprints).map(({ name, valid }) => [name, valid ? name : `${name} ▲`] as const),
          ]}
          value={byFile ? BY_FILE : chosen.name}
          choose={(blueprint) =>
            change(blueprint === BY_FILE ? { byFile: true } : { blueprint, byFile: false, preset: '', values: {} })
          }
        />
      </Field>
      {!byFile && chosen.presets.length > 0 && (
        <Field
          id="launch-preset"
          label="Preset"
          hint={chosen.presets.find(({ name }) => name === draft.preset)?.description ?? ''}
        >
          <Select
            id="launch-preset"
            of={[['', 'none'], ...chosen.presets.map(({ name }) => [name, name] as const)]}
            value={draft.preset}
            choose={(preset) => change({ preset })}
          />
        </Field>
      )}
      {chosen.params
        .filter(({ name }) => !byFile && asked.includes(name))
        .map((param) => (
          <ParamField
            key={param.name}
            param={param}
            value={draft.values[param.name] ?? ''}
            standard={standard(param, chosen, draft.preset)}
            options={offered(param, preview)}
            problems={problems.fields.get(param.name) ?? []}
            change={(value) => change({ values: { ...draft.values, [param.name]: value } })}
          />
        ))}
      <Field
        id="launch-image"
        label="Image"
        hint="in place of the blueprint’s own"
        problems={(problems.fields.get('image') ?? []).map(({ message }) => message)}
      >
        <input
          id="launch-image"
          className={css.input}
          value={draft.image}
          placeholder="the blueprint’s"
          spellCheck={false}
          autoComplete="off"
          aria-describedby="launch-image-said"
          onChange={(event) => change({ image: event.target.value })}
        />
      </Field>
      <Field id="launch-stopped" label="Stopped">
        <label className={css.checkline}>
          <input
            id="launch-stopped"
            type="checkbox"
            className={css.check}
            checked={draft.stopped}
            onChange={(event) => change({ stopped: event.target.checked })}
          />
          make it without starting it
        </label>
      </Field>
      <MoreFields draft={draft} problems={problems} change={change} />
    </>
  )
}
