/** What a connection says message by message, as the records of it tell. */

import { at, record, text } from '../../../lib/json'
import { bodies, bytesOf } from './bodies'
import { number } from './model'
import { grpcMessages, sseEvents } from './protobuf'

export interface Message {
  key: string
  /** Null where only the whole call has a time. */
  us: number | null
  sent: boolean
  what: string
  len: number | null
  text: string
  /** Bytes of protobuf, where it is that. */
  proto: Uint8Array | null
  /** Said where there is nothing to show. */
  note: string
}

export interface Said {
  messages: Message[]
  /** Messages that were counted and are not here. */
  left: number
}

export function messagesOf(json: unknown, records: readonly unknown[]): Said {
  if (text(json, 'grpc.service') !== '') return grpc(json)
  if (at(json, 'sse') !== undefined) return sse(json)
  return { messages: records.filter((one) => text(one, 'kind') === 'ws').map(ws), left: 0 }
}

function ws(one: unknown): Message {
  const code = text(one, 'close_code')
  return {
    key: text(one, 'id'),
    us: number(one, 'ts'),
    sent: text(one, 'from') === 'client',
    what: `${text(one, 'opcode')}${code === '' ? '' : ` ${code}`}`,
    len: number(one, 'len'),
    text: text(one, 'text'),
    proto: null,
    note: text(one, 'b64') === '' ? '' : 'bytes',
  }
}

function grpc(json: unknown): Said {
  const messages: Message[] = []
  let left = 0
  for (const [title, side] of [
    ['Request', 'req'],
    ['Response', 'resp'],
  ] as const) {
    const body = bodies(json).find((one) => one.title === title)
    const found = body === undefined ? [] : grpcMessages(bytesOf(body))
    for (const [index, { len, bytes, compressed }] of found.entries()) {
      const whole = bytes.length === len
      messages.push({
        key: `${side} ${index}`,
        us: null,
        sent: side === 'req',
        what: `${index + 1}`,
        len,
        text: '',
        proto: whole && !compressed ? bytes : null,
        note: compressed ? 'compressed' : 'not kept to its end',
      })
    }
    left += Math.max(0, (number(json, `grpc.${side}_msgs`) ?? 0) - found.length)
  }
  return { messages, left }
}

function sse(json: unknown): Said {
  const events = sseEvents(text(record(at(json, 'response')), 'body'))
  const messages = events.map(
    ({ name, id, data }, index): Message => ({
      key: String(index),
      us: null,
      sent: false,
      what: [name || 'message', id].filter(Boolean).join(' '),
      len: null,
      text: data,
      proto: null,
      note: 'no data',
    }),
  )
  return { messages, left: Math.max(0, (number(json, 'sse.events') ?? 0) - messages.length) }
}
