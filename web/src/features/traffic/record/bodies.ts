/** The bodies of a record: text as text, anything else as bytes. */

import { at, record, text } from '../../../lib/json'
import { number, words } from './model'
import { type GrpcMessage, grpcMessages } from './protobuf'

export interface Body {
  title: string
  type: string
  /** How long it was; what is here may be its begin alone. */
  length: number | null
  text: string | null
  bytes: Uint8Array | null
  cut: boolean
}

export function bodies(json: unknown): Body[] {
  const cut = words(json, 'truncated')
  const kind = text(json, 'kind')
  if (kind === 'http') {
    return (['request', 'response'] as const).flatMap((name) => {
      const message = record(at(json, name))
      const found = from(message, 'body', 'body_b64')
      const length = number(message, 'len')
      if (found === null && !length) return []
      return [
        {
          title: name === 'request' ? 'Request' : 'Response',
          type: text(message, 'type'),
          length,
          text: found?.text ?? null,
          bytes: found?.bytes ?? null,
          cut: cut.includes(`${name}_body`),
        },
      ]
    })
  }
  const parts: Array<readonly [string, string, string]> =
    kind === 'ws'
      ? [['Message', 'text', 'b64']]
      : kind === 'redis'
        ? [
            ['Arguments', 'args', 'args_b64'],
            ['Reply', 'reply', 'reply_b64'],
          ]
        : kind === 'sql'
          ? [['Statement', 'query', 'query_b64']]
          : []
  return parts.flatMap(([title, name, coded]) => {
    const found = from(json, name, coded)
    if (found === null) return []
    const length = kind === 'ws' ? number(json, 'len') : null
    return [{ title, type: '', length, text: found.text, bytes: found.bytes, cut: cut.length > 0 }]
  })
}

function from(value: unknown, name: string, coded: string): { text: string | null; bytes: Uint8Array | null } | null {
  const plain = at(value, name)
  if (typeof plain === 'string') return { text: plain, bytes: null }
  const base64 = at(value, coded)
  return typeof base64 === 'string' ? { text: null, bytes: decode(base64) } : null
}

export function decode(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}

export const bytesOf = (body: Pick<Body, 'text' | 'bytes'>): Uint8Array =>
  body.bytes ?? new TextEncoder().encode(body.text ?? '')

/** The messages of a body of protobuf: of gRPC each with its head, else all of it is one. */
export function protobuf(body: Body): Omit<GrpcMessage, 'compressed'>[] | null {
  if (/^application\/grpc(-web)?(\+proto)?$/.test(body.type)) {
    const found = grpcMessages(bytesOf(body)).filter(({ compressed }) => !compressed)
    return found.length === 0 ? null : found
  }
  if (!/^application\/(x-|vnd\.google\.)?protobuf$|^application\/vnd\.kubernetes\.protobuf$/.test(body.type))
    return null
  const bytes = bytesOf(body)
  return bytes.length === 0 ? null : [{ len: body.length ?? bytes.length, bytes }]
}

/** An image as the address of itself. Only what cannot run anything. */
export function imageOf({ type, bytes }: Body): string | null {
  if (bytes === null || !/^image\/(png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon)$/.test(type)) return null
  let letters = ''
  for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return `data:${type};base64,${btoa(letters)}`
}

/** The JSON that a text is, if it is. */
export function parsed(body: string): { value: unknown } | null {
  if (!/^\s*[[{]/.test(body)) return null
  try {
    return { value: JSON.parse(body) as unknown }
  } catch {
    return null
  }
}

/** Lines of 16 bytes: offset, hexadecimal, letters. */
export function hex(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.slice(at, at + 16)]
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0'))
    const left = digits.slice(0, 8).join(' ').padEnd(23)
    const right = digits.slice(8).join(' ').padEnd(23)
    const letters = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${left}  ${right}  ${letters}`)
  }
  return lines
}
