import { useState } from 'react'
import { pairs, record, text } from '../../../lib/json'
import { Button } from '../../../ui/Button'
import { Problem } from '../../../ui/Problem'
import { Skeleton } from '../../../ui/State'
import { useRead } from '../../../ui/useRead'
import type { Workspace } from '../../../wire/api'
import { previewBlueprint } from '../../../wire/workspaces'
import { Provenance } from '../launch/Provenance'
import { Part } from './Overview'
import css from './overview.module.css'

/** The blueprint that it would be made from now, field by field, with who set each. */
export function Made({ workspace }: { workspace: Workspace }) {
  const [open, setOpen] = useState(false)
  const { layers } = workspace
  return (
    <Part title="What it is made from">
      {layers.length > 0 && (
        <ol className={css.layers} aria-label="Layers, lowest first">
          {layers.map((layer) => (
            <li key={layer}>{layer.replace(/^(\S+) \1$/, '$1')}</li>
          ))}
        </ol>
      )}
      {open ? (
        <Fields workspace={workspace} />
      ) : (
        <Button look="outlined" onClick={() => setOpen(true)}>
          Show every field and who set it
        </Button>
      )}
    </Part>
  )
}

function Fields({ workspace }: { workspace: Workspace }) {
  const { cluster, namespace, name, org, blueprint, spec, generation } = workspace
  const overrides = record(record(spec)['overrides'])
  const image = text(spec, 'image')
  const preset = text(spec, 'presetsRef')
  const request = {
    cluster,
    namespace,
    name,
    org,
    params: Object.fromEntries(pairs(spec, 'params')),
    ...(blueprint === '' ? {} : { blueprint }),
    ...(image === '' ? {} : { image }),
    ...(preset === '' ? {} : { preset }),
    ...(Object.keys(overrides).length === 0 ? {} : { overrides }),
  }
  const { value: preview, error } = useRead(
    (signal) => previewBlueprint(request, signal),
    [cluster, namespace, name, generation],
  )
  if (error !== null) return <Problem error={error} role="alert" />
  return preview === null ? <Skeleton lines={4} /> : <Provenance preview={preview} />
}
