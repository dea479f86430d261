import type { DragEvent } from 'react'
import { Icon } from '../../ui/Icon'
import type { FileEntry } from '../../wire/api'
import css from './files.module.css'
import { mode, size } from './listing'

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'short' })

/** One entry of a folder. */
export function Line(props: { entry: FileEntry; narrow: boolean; drop: (event: DragEvent) => void }) {
  const { entry, narrow, drop } = props
  const { name, dir, odd, link } = entry
  const what = odd ? 'neither a file nor a folder' : dir ? 'folder' : 'file'
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only takes what is dropped; the key for it is that of upload
    <div className={css.line} data-dir={dir} data-odd={odd} title={entry.path} onDrop={drop}>
      <Icon name={dir ? 'folder' : 'file'} />
      <span className={css.name}>
        {name}
        <span className="unseen"> {what}</span>
      </span>
      {link && <span className={css.mark}>link</span>}
      <span className={css.size}>{dir || odd ? '' : size(entry.size)}</span>
      {!narrow && <span className={css.time}>{entry.mtime_ms === 0 ? '' : TIME.format(entry.mtime_ms)}</span>}
      {!narrow && <span className={css.bits}>{mode(entry.mode)}</span>}
    </div>
  )
}
