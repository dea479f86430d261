import { useRef, useState } from 'react'
import { grouped } from '../../lib/text'
import { Button } from '../../ui/Button'
import { useCommands } from '../../ui/commands'
import { useConsole } from '../../ui/console'
import { keyOf } from '../../ui/Menu'
import { Select } from '../../ui/Select'
import { isOver } from '../../ui/taps'
import type { ErrorBody, Tap, TapPreview } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { changeTap } from '../../wire/taps'
import { FilterField } from './FilterField'
import { podName, scoped, unscoped } from './scope'
import css from './traffic.module.css'
import { useCompiled } from './useCompiled'
import { usePreview } from './usePreview'

/** Which packets leave the pods' kernels: the capture filter of a running tap. */
export function CaptureFilter({ tap, set }: { tap: Tap; set: (tap: Tap) => void }) {
  const console = useConsole()
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const over = isOver(tap.state)
  const fixed = over || console.session.get().read_only
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  useCommands(console.commands, {
    'traffic.filter': {
      run: () => setOpen(true),
      reason: () => (over ? 'the tap is over' : fixed ? 'this console was started with --read-only' : null),
    },
  })
  return (
    <div className={css.capture}>
      <button
        ref={button}
        type="button"
        className={css.captureButton}
        aria-expanded={open}
        disabled={fixed}
        title={`Capture filter: which packets the pods’ kernels let through (${keyOf('traffic.filter')})`}
        onClick={() => setOpen(!open)}
      >
        <span className={css.dim}>capture</span> <code>{tap.filter === '' ? 'all packets' : tap.filter}</code>
      </button>
      {open && <Editor key={tap.id} tap={tap} set={set} close={close} />}
    </div>
  )
}

function Editor({ tap, set, close }: { tap: Tap; set: (tap: Tap) => void; close: () => void }) {
  const console = useConsole()
  const first = unscoped(tap.filter)
  const [text, setText] = useState(first.filter)
  const [pod, setPod] = useState(first.pod)
  const [error, setError] = useState<ErrorBody | null>(null)
  const [busy, setBusy] = useState(false)
  const filter = scoped(text, pod)
  const preview = usePreview(tap.id, filter)
  const compiled = useCompiled(filter)
  const tried = preview.is === 'failed' && preview.error.code.startsWith('filter') ? preview.error : null
  const wrong = error ?? compiled ?? tried
  const apply = async (wanted: string) => {
    if (busy) return
    setBusy(true)
    try {
      set(await changeTap(tap.id, { filter: wanted }))
      console.results.add(true, wanted === '' ? 'all packets are captured' : `captured: ${wanted}`)
      close()
    } catch (thrown) {
      setError(errorBody(thrown))
      setBusy(false)
    }
  }
  const take = (next: string) => {
    const parts = unscoped(next)
    setText(parts.filter)
    setPod(parts.pod)
    setError(null)
  }
  const before = earlier(tap)
  return (
    <form
      className={css.editor}
      data-scope="plan"
      onSubmit={(event) => {
        event.preventDefault()
        void apply(filter)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        event.stopPropagation()
        close()
      }}
    >
      <FilterField
        label="Capture filter of the tap"
        text={text}
        error={wrong}
        focus
        shift={pod !== '' && text.trim() !== '' ? 1 : 0}
        change={(next) => {
          setText(next)
          setError(null)
        }}
      />
      <div className={css.row}>
        <span className={css.of}>
          <span className={css.dim}>of</span>
          <Select
            label="Of which pods"
            of={[['', 'all pods of the tap'], ...tap.targets.map((target) => named(podName(target)))]}
            value={pod}
            choose={setPod}
          />
        </span>
        {before.length > 0 && (
          <Select label="Filters of before" of={[['', 'before…'], ...before.map(named)]} value="" choose={take} />
        )}
      </div>
      <div className={css.row}>
        <span className={css.preview} role="status">
          {preview.is === 'here' && matches(preview.value)}
          {preview.is === 'reading' && '…'}
        </span>
        <span className={css.space} />
        <Button onClick={() => void apply('')} disabled={tap.filter === ''}>
          Clear
        </Button>
        <Button look="primary" type="submit" disabled={busy || filter === tap.filter}>
          {busy ? 'Applying…' : 'Apply'} <kbd>Enter</kbd>
        </Button>
      </div>
    </form>
  )
}

const named = (text: string) => [text, text] as const

/** Filters that this tap had, the newest first. */
function earlier({ filters, filter }: Tap): string[] {
  const all = filters.map((one) => one.filter).filter((one) => one !== '' && one !== filter)
  return [...new Set(all.reverse())].slice(0, 20)
}

function matches({ matches: count, of }: TapPreview): string {
  if (of === 0) return 'no packets are kept to try it on'
  return `matches ${grouped(count)} of the last ${grouped(of)} packets`
}
