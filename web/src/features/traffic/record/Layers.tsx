import type { Field, Layer } from '../../../lib/layers'
import css from './packets.module.css'

/** Bytes that something is said of. */
export type Mark = Pick<Field, 'at' | 'len'>

interface Props {
  layers: readonly Layer[]
  /** What the packet is as a whole. */
  packet: string
  mark: Mark | null
  set: (mark: Mark | null) => void
}

/** The layers of a packet as a tree that folds; what is chosen is marked in its bytes. */
export function Layers({ layers, packet, mark, set }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key
    <section className={css.layers} aria-label="Layers of the packet" tabIndex={0}>
      <p className={css.dim}>{packet}</p>
      {layers.map((layer) => (
        <details key={layer.at + layer.title} open={layer.title !== 'Payload'} className={css.layer}>
          <summary>{layer.title}</summary>
          {layer.fields.map((field) => (
            <button
              key={`${field.name}${field.at}`}
              type="button"
              className={css.field}
              aria-pressed={mark === field}
              onClick={() => set(mark === field ? null : field)}
            >
              <span className={css.dim}>{field.name}</span>
              <span className={css.value}>{field.value}</span>
            </button>
          ))}
        </details>
      ))}
    </section>
  )
}
