import { useEffect, useRef, useState } from 'react'
import { lacking, needsOf, UNANSWERED } from '../../ui/answers'
import { type Asked, useConsole, useStore } from '../../ui/console'
import { Decision } from '../../ui/Decision'
import { Needs } from '../../ui/Needs'
import { Problem } from '../../ui/Problem'
import { Skeleton } from '../../ui/State'
import type { Answers, ErrorBody, Need, Workspace } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { deleteWorkspace, purgeWorkspace, readWorkspace, startWorkspace, stopWorkspace } from '../../wire/workspaces'
import { effects, merged } from './effects'
import css from './workspaces.module.css'

const VERBS = { start: 'Start', stop: 'Stop', delete: 'Delete' } as const
const DONE = { start: 'starts', stop: 'stops', delete: 'is being deleted' } as const

/** What starting, stopping or deleting means for these workspaces, and who says no. Enter does it, Esc leaves. */
export function ActDialog() {
  const console = useConsole()
  const asked = useStore(console.asked)
  return asked === null || asked.places.length === 0 ? null : (
    <Open key={JSON.stringify(asked)} asked={asked} close={() => console.asked.set(null)} />
  )
}

function Open({ asked: { act, places }, close }: { asked: Asked; close: () => void }) {
  const console = useConsole()
  const [all, setAll] = useState<readonly Workspace[] | null>(null)
  const [answers, setAnswers] = useState<Answers>(UNANSWERED)
  const [more, setMore] = useState<readonly Need[]>([])
  const [error, setError] = useState<ErrorBody | null>(null)
  const [busy, setBusy] = useState(false)
  const [purge, setPurge] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const [first] = places
  const title = `${VERBS[act]} ${places.length === 1 ? `workspace ${first?.name}` : `${places.length} workspaces`}`

  useEffect(() => {
    const abort = new AbortController()
    Promise.all(places.map((place) => readWorkspace(place, abort.signal))).then(setAll, (thrown) => {
      if (!abort.signal.aborted) setError(errorBody(thrown))
    })
    return () => abort.abort()
  }, [places])
  const may = (all ?? []).map((one) => one.acts.find((known) => known.act === (purge ? 'purge' : act)))
  // What has volumes that would stay may be deleted with them, one at a time.
  const [only] = all ?? []
  const stays = act === 'delete' && all?.length === 1 && only !== undefined && only.volumes.length > 0
  const needs = merged([...may.flatMap((one) => one?.needs ?? []), ...more])
  const denied = may.find((one) => one?.decision === 'deny')
  // The first thing that wants an answer has the focus, else the button that Enter presses.
  const ready = all !== null
  const wanting = needs.length
  useEffect(() => {
    if (!ready) return
    const field = wanting > 0 ? form.current?.querySelector<HTMLElement>('[data-need]') : null
    const wanted = field ?? form.current?.querySelector<HTMLElement>('[type=submit]')
    wanted?.focus()
  }, [ready, wanting])

  const missing =
    all === null
      ? 'it is being looked at'
      : denied !== undefined
        ? `not allowed: ${denied.reason}`
        : lacking(needs, answers)
  const commit = async () => {
    setBusy(true)
    setError(null)
    let failed: ErrorBody | null = null
    for (const place of places) {
      const body = { answers: { ...answers, confirm: true } }
      try {
        if (act === 'start') await startWorkspace(place, body)
        else if (act === 'stop') await stopWorkspace(place, body)
        else if (purge) await purgeWorkspace(place, body)
        else await deleteWorkspace(place, body)
        console.results.add(true, `${place.name} ${DONE[act]}`)
      } catch (thrown) {
        failed = errorBody(thrown)
        console.results.add(false, `${place.name}: ${failed.message} (${failed.code})`)
      }
    }
    if (failed === null) return close()
    setMore(needsOf(failed) ?? [])
    setError(failed)
    setBusy(false)
  }

  return (
    <Decision
      title={title}
      verb={VERBS[act]}
      look={act === 'delete' ? 'danger' : 'primary'}
      missing={missing}
      busy={busy ? 'Working…' : null}
      form={form}
      commit={() => void commit()}
      close={close}
    >
      {all === null && error === null && <Skeleton lines={2} />}
      <ul className={css.effects}>
        {(all ?? []).map((one) => (
          <li key={`${one.cluster}/${one.namespace}/${one.name}`}>
            <p className={css.object}>
              <b>{one.name}</b>
              <span>
                {one.namespace} · {one.cluster}
              </span>
            </p>
            {effects(act, one, purge).map(({ shape, text }) => (
              <p key={text} className={shape === '▲' ? css.warn : css.effect}>
                <i>{shape}</i> {text}
              </p>
            ))}
          </li>
        ))}
      </ul>
      {stays && (
        <label className={css.option}>
          <input
            type="checkbox"
            checked={purge}
            onChange={(event) => {
              setPurge(event.target.checked)
              setMore([])
            }}
          />
          Delete its volumes too, and what is in them
        </label>
      )}
      <Needs needs={needs} answers={answers} change={setAnswers} />
      {error !== null && <Problem role="alert" error={error} />}
    </Decision>
  )
}
