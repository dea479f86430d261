import { grouped } from '../../../lib/text'
import { fieldsOf, type GrpcMessage, type ProtoField } from './protobuf'
import css from './record.module.css'

/** Fields of protobuf by their numbers: names stand in a schema that nobody gave. */
export function ProtoTree({ messages }: { messages: readonly Omit<GrpcMessage, 'compressed'>[] }) {
  return (
    <div className={css.tree}>
      {messages.map((message, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages are their order
        <details key={at} open={at < 20} className={css.node}>
          <summary>
            <span className={css.dim}>
              message {at + 1}, {grouped(message.len)} bytes
              {message.bytes.length < message.len && `, ${grouped(message.bytes.length)} here`}
            </span>
          </summary>
          <Fields fields={fieldsOf(message.bytes)} />
        </details>
      ))}
    </div>
  )
}

export function Fields({ fields }: { fields: readonly ProtoField[] | null }) {
  if (fields === null) return <div className={css.leaf}>not whole, or no protobuf: see hex</div>
  if (fields.length === 0) return <div className={css.leaf}>empty</div>
  return fields.map((field, at) =>
    field.inner === null ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: fields repeat, and their order is what they are
      <div key={at} className={css.leaf}>
        <span className={css.member}>{field.number}: </span>
        <span className={field.value.startsWith('"') ? undefined : css.scalar}>{field.value || '""'}</span>
      </div>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: fields repeat, and their order is what they are
      <details key={at} open className={css.node}>
        <summary>
          <span className={css.member}>{field.number}: </span>
          <span className={css.dim}>{`{ ${field.inner.length} }`}</span>
        </summary>
        <Fields fields={field.inner} />
      </details>
    ),
  )
}
