import type { RefObject } from 'react'
import { Button } from '../../ui/Button'
import { useConsole } from '../../ui/console'
import { Crumbs } from './Crumbs'
import css from './files.module.css'

interface Props {
  path: string
  home: string
  narrow: boolean
  hidden: boolean
  /** Whether the shell is followed; null where there is none. */
  follow: boolean | null
  go: (to: string) => void
  setFollow: (on: boolean) => void
  take: (files: File[]) => void
  picker: RefObject<HTMLInputElement | null>
}

/** The way to the folder, and what is done with it as a whole. */
export function Tools({ path, home, narrow, hidden, follow, go, setFollow, take, picker }: Props) {
  const { commands } = useConsole()
  const run = (command: string) => () => void commands.run(command)
  return (
    <div className={css.bar}>
      <Button bare icon="back" title="Up: the folder above" onClick={run('files.up')}>
        Up
      </Button>
      <Crumbs path={path} home={home} go={go} />
      <span className={css.space} />
      <Button icon="add" bare={narrow} onClick={run('files.folder')}>
        New folder
      </Button>
      <Button icon="upload" bare={narrow} onClick={run('files.upload')}>
        Upload
      </Button>
      <Button bare icon="eye" aria-pressed={hidden} onClick={run('files.hidden')}>
        Hidden files
      </Button>
      <Button bare icon="reload" onClick={run('files.reload')}>
        Read again
      </Button>
      {follow !== null && (
        <>
          <Button bare icon="follow" aria-pressed={follow} onClick={() => setFollow(!follow)}>
            Follow the shell
          </Button>
          <Button bare icon="shell" onClick={run('files.cd')}>
            Send the shell here
          </Button>
        </>
      )}
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          take([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
    </div>
  )
}
