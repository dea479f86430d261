import type { ReactNode } from 'react'
import { text } from '../../../lib/json'
import { grouped, size } from '../../../lib/text'
import { preciseClock } from '../../../lib/time'
import { Empty } from '../../../ui/State'
import { type Message, messagesOf } from './messages'
import { Fields } from './ProtoTree'
import { fieldsOf } from './protobuf'
import css from './record.module.css'

/** Messages of WebSocket, of a gRPC call, or of an event stream, in order. */
export function Messages({ json, records }: { json: unknown; records: readonly unknown[] }) {
  const { messages, left } = messagesOf(json, records)
  if (messages.length === 0) {
    return (
      <Empty title={left === 0 ? 'No messages' : `${grouped(left)} messages, none of them kept`}>
        <p>
          {text(json, 'kind') === 'http'
            ? 'They are counted; what they say stands here as far as the body was kept.'
            : 'Messages of this connection appear here as they are sent.'}
        </p>
      </Empty>
    )
  }
  return (
    <>
      <ol className={css.messages}>
        {messages.map((message) => (
          <li key={message.key} className={message.sent ? css.sent : css.received}>
            <span className={css.mono}>{message.us === null ? '' : preciseClock(message.us)}</span>
            <span title={message.sent ? 'client to server' : 'server to client'}>{message.sent ? '→' : '←'}</span>
            <span className={css.dim}>
              {message.what} {message.len === null ? '' : size(message.len)}
            </span>
            <div className={css.content} dir="auto">
              {said(message)}
            </div>
          </li>
        ))}
      </ol>
      {left > 0 && (
        <p className={css.after}>{grouped(left)} more are not kept: a record has the begin of a body alone.</p>
      )}
    </>
  )
}

function said({ text: words, proto, note }: Message): ReactNode {
  if (proto !== null) return <Fields fields={fieldsOf(proto)} />
  return words || <span className={css.dim}>{note}</span>
}
