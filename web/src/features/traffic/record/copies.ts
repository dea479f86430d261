/** A record in other words: a command of curl, an archive of one request, a filter that finds it. */

import { at, record, text } from '../../../lib/json'
import { fields } from './Headers'
import { number } from './model'

/** Headers that curl makes itself, or that hold only between two hops. */
const OWN = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'accept-encoding'])

export function curl(json: unknown): string | null {
  const method = text(json, 'method')
  const url = urlOf(json)
  // Of other schemes curl would do other things than ask a server of HTTP.
  if (text(json, 'kind') !== 'http' || method === '' || !/^https?:\/\//i.test(url)) return null
  const message = record(at(json, 'request'))
  const body = text(message, 'body')
  // An address as it is: no ranges in brackets, no folders made shorter.
  const parts = ['curl', '-i', '-g', '--path-as-is']
  if (method === 'HEAD') parts.push('--head')
  else if (method !== 'GET' || body !== '') parts.push('-X', /^[A-Z]+$/.test(method) ? method : quoted(method))
  for (const [name, value] of fields(message, 'headers')) {
    // Pseudo headers of HTTP/2 are no headers, and `@` would be a file of whoever pastes this.
    if (OWN.has(name.toLowerCase()) || name.startsWith(':') || name.startsWith('@')) continue
    // With a colon alone curl would leave the header out.
    parts.push('-H', quoted(value === '' ? `${name};` : `${name}: ${value}`))
  }
  // Not `--data-binary`, to which a body that begins with `@` is a file.
  if (body !== '') parts.push('--data-raw', quoted(body))
  parts.push(quoted(url))
  return parts.join(' ')
}

function urlOf(json: unknown): string {
  const url = text(json, 'url')
  if (url !== '') return url
  const host = text(json, 'host') || `${text(json, 'dst.ip')}:${text(json, 'dst.port')}`
  const query = text(json, 'query')
  return `${text(json, 'scheme') || 'http'}://${host}${text(json, 'path')}${query === '' ? '' : `?${query}`}`
}

/** A word for a shell: nothing in it means anything, and nothing of it acts on the terminal that it is pasted into. */
export function quoted(value: string): string {
  if (![...value].some(controls)) return `'${value.replaceAll("'", "'\\''")}'`
  return `$'${[...value].map((char) => ESCAPED[char] ?? (controls(char) ? `\\u${hex(char)}` : char)).join('')}'`
}

const ESCAPED: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\\': '\\\\', "'": "\\'" }

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(4, '0')

function controls(char: string): boolean {
  const code = char.charCodeAt(0)
  return code < 0x20 || (code >= 0x7f && code < 0xa0)
}

/** HAR 1.2 with this one request. */
export function har(json: unknown, version: string): string | null {
  if (text(json, 'kind') !== 'http') return null
  const request = record(at(json, 'request'))
  const response = record(at(json, 'response'))
  const pairs = (message: unknown) => fields(message, 'headers').map(([name, value]) => ({ name, value }))
  const ms = (name: string) => {
    const us = number(json, name)
    return us === null ? -1 : us / 1000
  }
  const query = [...new URLSearchParams(text(json, 'query'))].map(([name, value]) => ({ name, value }))
  const httpVersion = `HTTP/${text(json, 'version')}`
  const body = text(request, 'body')
  const entry = {
    startedDateTime: new Date((number(json, 'ts') ?? 0) / 1000).toISOString(),
    time: Math.max(0, ms('total_us')),
    request: {
      method: text(json, 'method'),
      url: urlOf(json),
      httpVersion,
      cookies: [],
      headers: pairs(request),
      queryString: query,
      headersSize: number(request, 'head_len') ?? -1,
      bodySize: number(request, 'len') ?? -1,
      ...(body === '' ? {} : { postData: { mimeType: text(request, 'type'), text: body } }),
    },
    response: {
      status: number(json, 'status') ?? 0,
      statusText: text(json, 'reason'),
      httpVersion,
      cookies: [],
      headers: pairs(response),
      content: { size: number(response, 'len') ?? 0, mimeType: text(response, 'type'), text: text(response, 'body') },
      redirectURL: '',
      headersSize: number(response, 'head_len') ?? -1,
      bodySize: number(response, 'wire_len') ?? -1,
    },
    cache: {},
    timings: { send: Math.max(0, ms('req_us')), wait: Math.max(0, ms('wait_us')), receive: Math.max(0, ms('resp_us')) },
  }
  return JSON.stringify(
    { log: { version: '1.2', creator: { name: 'Quarterdeck', version }, entries: [entry] } },
    null,
    2,
  )
}

/** A filter of the list that finds records like this one. */
export function filterFor(json: unknown): string {
  const flow = text(json, 'flow')
  return flow === '' ? `where name = "${text(json, 'n')}"` : `where flow = "${flow}"`
}
