/** The REST side: acts, details, who we are. Every failure is an `ApiError` with the server's own error body. */

import type {
  Answers,
  Committed,
  ErrorBody,
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

async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    const message = 'the console’s own server did not answer; it may have been stopped'
    throw new ApiError({ code: 'gateway_unreachable', message, request_id: '' }, 0)
  }
  const text = await response.text()
  if (response.ok) return (text === '' ? null : JSON.parse(text)) as T
  throw new ApiError(parseError(text, response.status), response.status)
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
