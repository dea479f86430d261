import { useState } from 'react'
import { Files } from '../features/files/Files'
import { Terminal } from '../features/terminal/Terminal'
import { isString, remember, remembered } from '../lib/remembered'
import { Button } from '../ui/Button'
import type { WorkspacePart } from '../ui/workspaceParts'

/** Shells, with the files of where they are beside them when one wants that. */
export default function TerminalPart({ workspace }: WorkspacePart) {
  const [place] = useState(workspace)
  const [files, setFiles] = useState(() => remembered('terminal.files', '', isString) === 'yes')
  const toggle = () => {
    remember('terminal.files', files ? '' : 'yes')
    setFiles(!files)
  }
  return (
    <Terminal
      workspace={place}
      beside={files && <Files workspace={place} narrow />}
      tools={
        <Button bare icon="folder" aria-pressed={files} onClick={toggle}>
          Files beside the shell
        </Button>
      }
    />
  )
}
