import { useState } from 'react'
import { Files } from '../features/files/Files'
import type { WorkspacePart } from '../ui/workspaceParts'

/** The files of a workspace. */
export default function FilesPart({ workspace }: WorkspacePart) {
  const [place] = useState(workspace)
  return <Files workspace={place} />
}
