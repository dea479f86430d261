import { Button } from '../../../ui/Button'
import { Problem } from '../../../ui/Problem'
import { Skeleton } from '../../../ui/State'
import type { BlueprintPreview, BlueprintProblem, ErrorBody } from '../../../wire/api'
import css from './launch.module.css'
import { Provenance } from './Provenance'

interface Props {
  preview: BlueprintPreview | null
  error: ErrorBody | null
  old: boolean
  /** Problems that stand under no field. */
  others: readonly BlueprintProblem[]
  /** What it is made from, in a word. */
  from: string
  /** The file of the repository is wrong: another blueprint may be taken in its place. */
  instead: { name: string; choose: () => void } | null
}

/** What the workspace would be made of: live, beside the fields. */
export function Preview({ preview, error, old, others, from, instead }: Props) {
  return (
    <section className={css.preview} aria-label="What it will be made of" aria-busy={old}>
      <h2 className={css.title}>
        What it will be made of
        {preview !== null && preview.pod_security !== '' && (
          <small title="the tightest Pod Security level that lets it through">{preview.pod_security}</small>
        )}
      </h2>
      {error !== null && <Problem error={error} role="alert" />}
      {others.map((one) => (
        <p key={`${one.pointer} ${one.message}`} className={one.severity === 'error' ? css.problem : css.warning}>
          {one.severity === 'error' ? '■' : '▲'} {one.pointer !== '' && <code>{one.pointer}</code>} {one.message}
          {one.file !== '' && (
            <small>
              {' '}
              {one.file}:{one.line}
            </small>
          )}
        </p>
      ))}
      {instead !== null && (
        <Button look="outlined" onClick={instead.choose}>
          Start with {instead.name} instead
        </Button>
      )}
      {preview?.source !== undefined && <p className={css.hint}>With the file of {preview.source}.</p>}
      {preview?.fallback !== undefined && <p className={css.warning}>▲ {preview.fallback}</p>}
      {preview === null && error === null && <Skeleton lines={8} />}
      {preview !== null && preview.fields.length > 0 && <Provenance preview={preview} />}
      {preview !== null && preview.fields.length === 0 && (
        <p className={css.hint}>
          {from} cannot be put together as it is filled in now; what is wrong stands under its field or above.
        </p>
      )}
    </section>
  )
}
