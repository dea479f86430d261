/** Files of a workspace: lists, changes, downloads by URL, uploads in parts that go on where they broke. */

import type { Answers, FileDone, FileList, FileReceived, WorkspaceShells } from './api'
import { Backoff } from './backoff'
import { ApiError, answersIn, call, errorBody, put } from './rest'
import { type Place, path as url } from './workspaces'

export function listFiles(where: Place, path: string, hidden: boolean, signal?: AbortSignal): Promise<FileList> {
  return call('GET', url(where, '/files/list', { path, hidden: String(hidden) }), undefined, signal)
}

export function makeFolder(where: Place, path: string, answers: Answers): Promise<FileDone> {
  return call('POST', url(where, '/files/mkdir'), { path, answers })
}

export function renameFile(where: Place, from: string, to: string, answers: Answers): Promise<FileDone> {
  return call('POST', url(where, '/files/rename'), { from, to, answers })
}

export function deleteFile(where: Place, path: string, answers: Answers): Promise<FileDone> {
  return call('DELETE', url(where, '/files', { path, recursive: 'true', ...answersIn(answers) }))
}

/** Where a browser fetches it: a folder comes as an archive. */
export function downloadOf(where: Place, path: string, folder: boolean): string {
  return `/api/v1${url(where, folder ? '/files/zip' : '/files', { path })}`
}

export function readShells(where: Place, signal?: AbortSignal): Promise<WorkspaceShells> {
  return call('GET', url(where, '/shells'), undefined, signal)
}

/** Bytes of one part. */
const PART = 8 << 20
const TRIES = 7

/** Sends a file, part by part; `told` hears how far it is. A part that breaks is gone on with. */
export async function upload(
  where: Place,
  path: string,
  file: File,
  how: { replace: boolean; answers: Answers; signal: AbortSignal; told: (have: number) => void },
): Promise<void> {
  const { replace, answers, signal, told } = how
  const id = crypto.randomUUID()
  const mtime_ms = String(file.lastModified)
  const more: Record<string, string> = { path, upload: id, mtime_ms, ...answersIn(answers) }
  if (!replace) more['keep'] = 'true'
  const to = url(where, '/files', more)
  const backoff = new Backoff()
  let at = 0
  let broken = 0
  for (;;) {
    try {
      const end = Math.min(file.size, at + PART)
      const range: Record<string, string> =
        file.size === 0 ? {} : { 'content-range': `bytes ${at}-${end - 1}/${file.size}` }
      const received = await put<FileReceived>(to, file.slice(at, end), range, signal)
      at = received.have
      told(at)
      if (received.whole) return
      broken = 0
      backoff.reset()
    } catch (error) {
      const { code, details } = errorBody(error)
      const have = (details as { have?: unknown } | null | undefined)?.have
      if (code === 'file_conflict' && typeof have === 'number') at = have
      else if (signal.aborted || !(error instanceof ApiError) || error.status !== 0) throw error
      broken += 1
      if (broken > TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, backoff.next()))
      if (error instanceof ApiError && error.status === 0) at = await haveOf(to, at)
    }
  }
}

/** How much is there; what was known where nobody answers. */
async function haveOf(path: string, known: number): Promise<number> {
  try {
    return (await call<FileReceived>('GET', path)).have
  } catch {
    return known
  }
}
