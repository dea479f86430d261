import { useEffect, useRef, useState } from 'react'
import { naming } from '../../ui/acts'
import { lacking, needsOf } from '../../ui/answers'
import { useConsole, useStore } from '../../ui/console'
import { Decision } from '../../ui/Decision'
import { Needs } from '../../ui/Needs'
import { Problem } from '../../ui/Problem'
import { tapObstacle } from '../../ui/taps'
import type { ErrorBody, Need, ObjectRef } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { startTap } from '../../wire/taps'
import { caret } from './captureError'
import css from './dialog.module.css'
import { FilterField } from './FilterField'
import { TapOptions } from './TapOptions'
import { FIRST, request, type Wanted } from './tapRequest'
import { useCompiled } from './useCompiled'

/** How these objects are tapped. Enter starts, Esc leaves; then one stands at the tap. */
export default function TapDialog() {
  const console = useConsole()
  const objects = useStore(console.tapping)
  return objects === null || objects.length === 0 ? null : (
    <Open key={JSON.stringify(objects)} objects={objects} close={() => console.tapping.set(null)} />
  )
}

function Open({ objects, close }: { objects: readonly ObjectRef[]; close: () => void }) {
  const console = useConsole()
  const [wanted, setWanted] = useState<Wanted>(FIRST)
  const [needs, setNeeds] = useState<readonly Need[]>([])
  const [error, setError] = useState<ErrorBody | null>(null)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const [first] = objects
  const title = `Tap ${naming(console.kind(first?.kind), objects)}`
  const obstacle = tapObstacle(console, objects)
  const missing = obstacle ?? lacking(needs, wanted.answers)
  const compiled = useCompiled(wanted.filter)
  const isFilter = error !== null && (error.code.startsWith('filter') || caret(error, wanted.filter) !== null)

  // What the policy asks for has the focus once it asked.
  useEffect(() => {
    if (needs.length > 0) form.current?.querySelector<HTMLElement>('[data-need]')?.focus()
  }, [needs])

  const change = (part: Partial<Wanted>) => {
    // Another question: what was answered before does not hold for it.
    if (!('answers' in part)) setNeeds([])
    setError(null)
    setWanted((now) => ({ ...now, ...part }))
  }
  const start = async () => {
    setBusy(true)
    setError(null)
    try {
      const tap = await startTap(request(objects, wanted, needs))
      close()
      console.results.add(true, `tap of ${tap.title} started`)
      console.navigation.traffic({ tap: tap.id, record: null, chip: '' }, { filter: '', sort: [] })
    } catch (thrown) {
      const body = errorBody(thrown)
      const asked = needsOf(body)
      if (asked === null) setError(body)
      else setNeeds(asked)
      setBusy(false)
    }
  }

  return (
    <Decision
      title={title}
      verb={needs.length > 0 ? 'Confirm and tap' : 'Tap'}
      look="primary"
      missing={missing}
      note="An agent runs in each pod as an ephemeral container until the tap ends. The start is recorded."
      busy={busy ? 'Starting…' : null}
      form={form}
      ready
      commit={() => void start()}
      close={close}
    >
      <p className={css.targets}>{objects.slice(0, 6).map(spelled).join(', ') + more(objects.length - 6)}</p>
      <TapOptions wanted={wanted} change={change} />
      <div className={css.line}>
        <span className={css.label}>Capture filter</span>
        <FilterField
          label="Capture filter"
          text={wanted.filter}
          error={isFilter ? error : compiled}
          change={(filter) => change({ filter })}
        />
      </div>
      <Needs
        needs={needs}
        answers={wanted.answers}
        change={(answers) => change({ answers })}
        confirm="This tap has to be confirmed: what it sees leaves the pods, and the decision is kept in the journal."
      />
      {error !== null && !isFilter && <Problem role="alert" error={error} />}
    </Decision>
  )
}

const spelled = ({ namespace, name }: ObjectRef) => `${namespace}/${name}`
const more = (count: number) => (count > 0 ? ` and ${count} more` : '')
