/** The REST side: acts, details, who we are. Every failure is an `ApiError` with the server's own error body. */

import type {
  Answers,
  Committed,
  ErrorBody,
  Kubeconfig,
  KubeconfigAdded,
  ObjectDetail,
  ObjectRef,
  Plan,
  PlanRequest,
  Revealed,
  RevealRequest,
  Session,
} from './api'

export class ApiError extends Error {
  readonly body: ErrorBody
  readonly status: number

  constructor(body: ErrorBody, status: number) {
    super(body.message)
    this.body = body
    this.status = status
  }
}

/** The body of anything that was thrown. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof ApiError) return error.body
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'console_fault', message, request_id: '' }
}

export function session(): Promise<Session> {
  return call('GET', '/session')
}

export function addKubeconfig(kubeconfig: Kubeconfig): Promise<KubeconfigAdded> {
  return call('POST', '/kubeconfig', kubeconfig)
}

export function readObject(object: ObjectRef, signal?: AbortSignal): Promise<ObjectDetail> {
  const query = new URLSearchParams({ ...object })
  return call('GET', `/object?${query}`, undefined, signal)
}

export function makePlan(request: PlanRequest, signal?: AbortSignal): Promise<Plan> {
  return call('POST', '/plans', request, signal)
}

export function commitPlan(id: string, answers: Answers): Promise<Committed> {
  return call('POST', `/plans/${encodeURIComponent(id)}/commit`, { answers })
}

export function reveal(request: RevealRequest): Promise<Revealed> {
  return call('POST', '/secret/reveal', request)
}

/** Answers in a query, where a body is something else or there is none. */
export function answersIn({ confirm, typed_name, reason }: Answers): Record<string, string> {
  const given: Record<string, string> = {}
  if (confirm) given['confirm'] = 'true'
  if (typed_name !== '') given['typed_name'] = typed_name
  if (reason !== '') given['reason'] = reason
  return given
}

/** One request to the server; the other files of endpoints use it too. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const json: RequestInit =
    body === undefined
      ? { headers }
      : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return answer(await ask(path, { method, signal: signal ?? null, ...json }))
}

/** Bytes as they are, with what the headers say of them. */
export async function put<T>(
  path: string,
  body: Blob,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<T> {
  const type = { 'content-type': 'application/octet-stream' }
  return answer(await ask(path, { method: 'PUT', headers: { ...type, ...headers }, body, signal }))
}

/** A body of text, line by line as it comes; the promise ends with it. */
export async function readStream(
  path: string,
  line: (line: string) => void,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const response = await ask(path, { signal, headers })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const next = await reader?.read()
    if (next === undefined || next.done) break
    const lines = (rest + next.value).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const one of lines) line(one)
  }
  if (rest !== '') line(rest)
}

/** An answer that is good; all else is thrown. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, { credentials: 'same-origin', ...init })
  } catch (error) {
    if (init.signal?.aborted) throw error
    const message = 'the console’s own server did not answer; it may have been stopped'
    throw new ApiError({ code: 'gateway_unreachable', message, request_id: '' }, 0)
  }
  if (response.ok) return response
  throw new ApiError(parseError(await response.text(), response.status), response.status)
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text()
  return (text === '' ? null : JSON.parse(text)) as T
}

function parseError(text: string, status: number): ErrorBody {
  try {
    const body = JSON.parse(text) as Partial<ErrorBody>
    if (typeof body.code === 'string' && typeof body.message === 'string') {
      return { request_id: '', ...body, code: body.code, message: body.message }
    }
  } catch {
    // Not ours: a proxy in between answered.
  }
  return { code: 'gateway_answer', message: `the server answered ${status} without an explanation`, request_id: '' }
}
