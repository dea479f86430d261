/** The REST side of workspaces: what they are made from, asking for one, and what is done to them. */

import type {
  Answers,
  BlueprintList,
  BlueprintPreview,
  JobList,
  Workspace,
  WorkspaceAccepted,
  WorkspaceActing,
  WorkspaceCreate,
  WorkspaceKeeping,
  WorkspaceKept,
  WorkspaceLogLine,
  WorkspaceRemains,
  WorkspaceStopping,
  WorkspaceWhy,
} from './api'
import { Backoff } from './backoff'
import { ApiError, call, readStream } from './rest'

/** A workspace by its place. */
export interface Place {
  cluster: string
  namespace: string
  name: string
}

/** The path of one under the API, and of what is below it. */
export function path({ cluster, namespace, name }: Place, after = '', more: Record<string, string> = {}): string {
  const parts = [namespace, name].map(encodeURIComponent).join('/')
  return `/workspaces/${parts}${after}?${new URLSearchParams({ cluster, ...more })}`
}

export function readBlueprints(cluster: string, namespace: string, signal?: AbortSignal): Promise<BlueprintList> {
  return call('GET', `/blueprints?${new URLSearchParams({ cluster, namespace })}`, undefined, signal)
}

/** What a workspace would be made of; nothing is made. */
export function previewBlueprint(request: WorkspaceCreate, signal?: AbortSignal): Promise<BlueprintPreview> {
  return call('POST', '/blueprints/preview', request, signal)
}

/** Asks for one. The same `key` asks once, however often it is sent. */
export function launchWorkspace(request: WorkspaceCreate, key: string): Promise<WorkspaceAccepted> {
  return call('POST', '/workspaces', request, undefined, { 'idempotency-key': key })
}

export function readWorkspace(place: Place, signal?: AbortSignal): Promise<Workspace> {
  return call('GET', path(place), undefined, signal)
}

/** Why it is as it is, and by what it was used within the last day. */
export function readWhy(place: Place, signal?: AbortSignal): Promise<WorkspaceWhy> {
  return call('GET', path(place, '/why'), undefined, signal)
}

export function startWorkspace(place: Place, body: WorkspaceActing): Promise<WorkspaceAccepted> {
  return call('POST', path(place, '/start'), body)
}

export function stopWorkspace(place: Place, body: WorkspaceStopping): Promise<WorkspaceAccepted> {
  return call('POST', path(place, '/stop'), body)
}

/** It goes; its volumes as it says itself. */
export function deleteWorkspace(place: Place, body: WorkspaceActing): Promise<WorkspaceAccepted> {
  return call('DELETE', path(place, '', { mode: 'full' }), body)
}

/** It goes with its own volumes. */
export function purgeWorkspace(place: Place, body: WorkspaceActing): Promise<WorkspaceAccepted> {
  return call('DELETE', path(place, '', { mode: 'full', purge: 'true' }), body)
}

/** The volumes that one left, which was deleted. */
export function readRemains(place: Place, signal?: AbortSignal): Promise<WorkspaceRemains> {
  return call('GET', path(place, '/remains'), undefined, signal)
}

export function purgeRemains(place: Place, body: WorkspaceActing): Promise<WorkspaceRemains> {
  return call('DELETE', path(place, '/remains'), body)
}

/** It is not stopped for a while, though nobody uses it. */
export function keepWorkspace(place: Place, body: WorkspaceKeeping): Promise<WorkspaceKept> {
  return call('POST', path(place, '/keep'), body)
}

/** What was done of late to workspaces that these members name, the newest first. */
export function readJobs(which: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<JobList> {
  return call('GET', `/jobs?${new URLSearchParams(which)}`, undefined, signal)
}

/** Takes back what a job began. */
export function cancelJob(id: string, body: WorkspaceActing): Promise<WorkspaceAccepted> {
  return call('DELETE', `/jobs/${encodeURIComponent(id)}`, body)
}

/** Where the browser follows what happens to it. */
export function eventsOf(place: Place): string {
  return `/api/v1${path(place, '/events')}`
}

/** Where an app, or whatever listens on a port, is entered: the URL works once, in this browser. */
export function openService(
  place: Place,
  service: { port: number } | { app: string },
  answers: Answers,
  framed = false,
): Promise<{ url: string }> {
  const named: Record<string, string> = 'port' in service ? { port: String(service.port) } : { app: service.app }
  if (framed) named.framed = 'true'
  return call('POST', path(place, '/open', named), { answers })
}

/** What its main container wrote last, line by line. */
export function readLogs(
  place: Place,
  { lines, previous }: { lines: number; previous: boolean },
  line: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  return readStream(
    path(place, '/logs', { tail: String(lines), ...(previous ? { previous: 'true' } : {}) }),
    line,
    signal,
  )
}

/** What its main container writes after the line of that time, from one run to the next; it goes on where it broke. */
export async function followLogs(
  place: Place,
  since: string,
  line: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff()
  let last = since
  let again = false
  const take = (text: string) => {
    if (text.startsWith('event: ')) again = text === 'event: again'
    if (!text.startsWith('data: ')) return
    const said = JSON.parse(text.slice(6)) as WorkspaceLogLine & { message?: string }
    if (again) return line(`── ${said.message ?? 'started again'} ──`)
    last = said.at
    backoff.reset()
    line(`${said.at} ${said.text}`)
  }
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = last === '' ? {} : { 'last-event-id': last }
      await readStream(path(place, '/logs', { follow: 'true', tail: '100' }), take, signal, headers)
    } catch (error) {
      // A connection that broke is opened again; what the server says stands.
      if (signal.aborted || (error instanceof ApiError && error.status !== 0)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, backoff.next()))
  }
}

/** What its daemon tells of its apps, of the ports that somebody listens on, and of its machine: JSON of its own. */
export function readInside(place: Place, what: 'apps' | 'ports' | 'sysinfo', signal?: AbortSignal): Promise<unknown> {
  return call('GET', path(place, `/${what}`), undefined, signal)
}

/** A line of an app's log: of its installation, or of what it prints. */
export interface AppLine {
  id: number
  ms: number
  /** `info`, `warn`, `error`, `out`, `err`. */
  level: string
  /** `app` or `install`. */
  component: string
  text: string
}

/** The log of an app, line by line: what is there, and what comes; it goes on where it broke. */
export async function followAppLog(
  place: Place,
  app: string,
  take: (line: AppLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff()
  let last = ''
  const read = (text: string) => {
    if (!text.startsWith('data: ')) return
    const line = JSON.parse(text.slice(6)) as AppLine
    if (typeof line.id !== 'number') return
    last = String(line.id)
    backoff.reset()
    take(line)
  }
  const where = path(place, `/apps/${encodeURIComponent(app)}/logs`, { follow: 'true', tail: '1000' })
  while (!signal.aborted) {
    try {
      await readStream(where, read, signal, last === '' ? {} : { 'last-event-id': last })
    } catch (error) {
      // A connection that broke is opened again; what the server says stands.
      if (signal.aborted || (error instanceof ApiError && error.status !== 0)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, backoff.next()))
  }
}

export type AppAct = 'install' | 'start' | 'stop' | 'restart'

export function actOnApp(place: Place, app: string, act: AppAct, answers: Answers): Promise<unknown> {
  return call('POST', path(place, `/apps/${encodeURIComponent(app)}/${act}`), { answers })
}
