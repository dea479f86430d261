import type { DragEvent } from 'react'
import type { Place as Spot } from '../../ui/Menu'
import { Virtual } from '../../ui/Virtual'
import type { FileEntry } from '../../wire/api'
import css from './files.module.css'
import { Line } from './Line'

interface Props {
  entries: FileEntry[]
  /** How many are not shown. */
  hidden: number
  busy: boolean
  at: number
  narrow: boolean
  choose: (at: number) => void
  open: () => void
  menu: (at: Spot) => void
  dropped: (event: DragEvent, folder: string) => void
}

const ROW = 24

/** What a folder holds; its keys are commands of the whole view. */
export function Entries({ entries, hidden, busy, at, narrow, choose, open, menu, dropped }: Props) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the list has keys for all of it
    <div
      className={css.list}
      aria-busy={busy}
      onDoubleClick={open}
      onContextMenu={(event) => {
        const option = (event.target as Element).closest('[role=option]')
        if (option === null) return
        event.preventDefault()
        choose(Number(option.getAttribute('aria-posinset')) - 1)
        menu({ x: event.clientX, y: event.clientY })
      }}
    >
      {entries.length === 0 ? (
        <p className={css.empty}>
          Nothing is here{hidden > 0 ? ` but ${hidden} hidden` : ''}. Drop files to upload them.
        </p>
      ) : (
        <Virtual
          count={entries.length}
          row={ROW}
          label="Entries of the folder"
          chosen={Math.min(at, entries.length - 1)}
          choose={choose}
          className={css.rows}
        >
          {(row) => {
            const entry = entries[row]
            return entry === undefined ? null : (
              <Line entry={entry} narrow={narrow} drop={(event) => entry.dir && dropped(event, entry.path)} />
            )
          }}
        </Virtual>
      )}
    </div>
  )
}

/** What the keys do, for whoever has a mouse. */
export function offered(entry: FileEntry, run: (command: string) => void) {
  const item = (title: string, command: string, more = {}) => ({ title, command, run: () => run(command), ...more })
  const odd = entry.odd ? 'it is neither a file nor a folder' : null
  return [
    ...(entry.dir ? [item('Open', 'files.open')] : []),
    item(entry.dir ? 'Download as a zip archive' : 'Download', 'files.download', { disabled: odd }),
    item('Rename…', 'files.rename'),
    item('Delete…', 'files.delete', { danger: true, apart: true }),
  ]
}
