import type { Selected } from '../../lib/route'
import { type Read, useRead } from '../../ui/useRead'
import type { FileList } from '../../wire/api'
import { listFiles } from '../../wire/files'

/** What a folder holds. */
export function useFolder(place: Selected, path: string, hidden: boolean): Read<FileList> {
  return useRead((signal) => listFiles(place, path, hidden, signal), [place, path, hidden])
}
