/** A record in other words: a command of curl, an archive of one request, a filter that finds it. */

import { at, record, text } from '../../../lib/json'
import { fields } from './Headers'
import { number } from './model'

/** Headers that curl makes itself, or that hold only between two hops. */
const OWN = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'accept-encoding'])

export function curl(json: unknown): string | null {
  if (text(json, 'kind') !== 'http' || text(json, 'method') === '') return null
  const method = text(json, 'method')
  const message = record(at(json, 'request'))
  const body = text(message, 'body')
  const parts = ['curl', '-i']
  if (method === 'HEAD') parts.push('--head')
  else if (method !== 'GET' || body !== '') parts.push('-X', method)
  for (const [name, value] of fields(message, 'headers')) {
    // Pseudo headers of HTTP/2 are no headers.
    if (!OWN.has(name.toLowerCase()) && !name.startsWith(':')) parts.push('-H', quoted(`${name}: ${value}`))
  }
  if (body !== '') parts.push('--data-binary', quoted(body))
  parts.push(quoted(urlOf(json)))
  return parts.join(' ')
}

function urlOf(json: unknown): string {
  const url = text(json, 'url')
  if (url !== '') return url
  const host = text(json, 'host') || `${text(json, 'dst.ip')}:${text(json, 'dst.port')}`
  const query = text(json, 'query')
  return `${text(json, 'scheme') || 'http'}://${host}${text(json, 'path')}${query === '' ? '' : `?${query}`}`
}

/** For a POSIX shell: nothing in it means anything. */
export function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
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
