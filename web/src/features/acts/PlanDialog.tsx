import { type FormEvent, useEffect, useRef, useState } from 'react'
import { naming } from '../../ui/acts'
import { Button } from '../../ui/Button'
import { type Intent, useConsole, useStore } from '../../ui/console'
import { Modal } from '../../ui/Modal'
import { Failed, Skeleton } from '../../ui/State'
import type { Act, Answers, ErrorBody, Need, Plan } from '../../wire/api'
import { commitPlan, errorBody, readObject } from '../../wire/rest'
import css from './acts.module.css'
import { Options } from './Options'
import { Steps } from './Steps'
import { usePlan } from './usePlan'

const VERBS = { delete: 'Delete', scale: 'Scale', restart: 'Restart' } as const
const NOTHING: Answers = { confirm: false, typed_name: '', reason: '' }

/** What changes, who decides, what blocks. Enter commits, Esc leaves. */
export function PlanDialog() {
  const console = useConsole()
  const intent = useStore(console.intent)
  return intent === null ? null : (
    <Open key={JSON.stringify(intent)} intent={intent} close={() => console.intent.set(null)} />
  )
}

function Open({ intent, close }: { intent: Intent; close: () => void }) {
  const console = useConsole()
  const [act, setAct] = useState<Act | null>(intent.act === 'scale' ? null : { act: intent.act })
  const [answers, setAnswers] = useState(NOTHING)
  const [attempt, setAttempt] = useState(0)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ErrorBody | null>(null)
  const planning = usePlan(act, intent.objects, attempt)
  const plan = planning.is === 'made' ? planning.plan : null
  const form = useRef<HTMLFormElement>(null)
  const title = `${VERBS[intent.act]} ${naming(console.kind(intent.objects[0]?.kind), intent.objects)}`

  useEffect(() => {
    if (intent.act !== 'scale' || intent.objects[0] === undefined) return
    const abort = new AbortController()
    readObject(intent.objects[0], abort.signal).then(
      (detail) => setAct((now) => now ?? { act: 'scale', replicas: replicas(detail.json) }),
      (thrown) => !abort.signal.aborted && setError(errorBody(thrown)),
    )
    return () => abort.abort()
  }, [intent])
  // The first thing that wants an answer has the focus, else the button that Enter presses.
  const ready = plan !== null
  useEffect(() => {
    const active = document.activeElement
    if (!ready || (active instanceof HTMLInputElement && form.current?.contains(active))) return
    const wanted =
      form.current?.querySelector<HTMLElement>('[data-need]') ??
      form.current?.querySelector<HTMLElement>('[type=submit]')
    wanted?.focus()
  }, [ready])

  const missing = plan === null ? 'the plan is being made' : lacking(plan, answers)
  const commit = async (event: FormEvent) => {
    event.preventDefault()
    if (plan === null || missing !== null || busy) return
    setBusy(true)
    try {
      const { results } = await commitPlan(plan.id, { ...answers, confirm: true })
      for (const { done, message, object, error: failed } of results) {
        console.results.add(done, done ? `${object.name}: ${message}` : `${object.name}: ${failed?.message ?? message}`)
      }
      if (results.every(({ done }) => done)) return close()
      setError(results.find(({ done }) => !done)?.error ?? null)
    } catch (thrown) {
      setError(errorBody(thrown))
    }
    setBusy(false)
    setAttempt(attempt + 1)
  }

  return (
    <Modal title={title} wide onClose={close}>
      <form ref={form} className={css.form} onSubmit={commit} data-scope="plan">
        <div className={css.scroll}>
          {act !== null && <Options act={act} onChange={setAct} />}
          {error !== null && (
            <p className={css.problem} role="alert">
              ■ {error.message} <code>{error.code}</code>
            </p>
          )}
          {planning.is === 'making' && error === null && <Skeleton lines={3} />}
          {planning.is === 'failed' && (
            <Failed
              error={planning.error}
              tried="a dry run on the API server"
              onRetry={() => setAttempt(attempt + 1)}
            />
          )}
          {plan !== null && <Steps plan={plan} />}
          {plan?.needs.map((need) => (
            <NeedField key={need.need} need={need} answers={answers} onChange={setAnswers} />
          ))}
        </div>
        <footer className={css.foot}>
          <span className={css.missing} role="status">
            {missing}
          </span>
          <Button look="outlined" onClick={close}>
            Leave <kbd>Esc</kbd>
          </Button>
          <Button
            type="submit"
            look={intent.act === 'delete' ? 'danger' : 'primary'}
            disabled={missing !== null || busy}
          >
            {busy ? 'Working…' : VERBS[intent.act]} <kbd>Enter</kbd>
          </Button>
        </footer>
      </form>
    </Modal>
  )
}

function NeedField(props: { need: Need; answers: Answers; onChange: (answers: Answers) => void }) {
  const { need, answers, onChange } = props
  if (need.need === 'confirm') return null
  const typed = need.need === 'typed_name'
  return (
    <label className={css.need}>
      {typed ? (
        <span>
          Type <code>{need.name}</code> to confirm
        </span>
      ) : (
        'Reason, kept in the journal'
      )}
      <input
        data-need
        className={css.input}
        value={typed ? answers.typed_name : answers.reason}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) =>
          onChange(typed ? { ...answers, typed_name: event.target.value } : { ...answers, reason: event.target.value })
        }
      />
    </label>
  )
}

/** What stands between this plan and its commit, or null. */
function lacking(plan: Plan, answers: Answers): string | null {
  const denied = plan.steps.filter((step) => step.decision === 'deny').length
  if (denied > 0)
    return plan.steps.length === 1 ? 'this is not allowed' : `${denied} of ${plan.steps.length} are not allowed`
  if (!plan.ready) return 'the dry run found a problem'
  for (const need of plan.needs) {
    if (need.need === 'typed_name' && answers.typed_name !== need.name) return 'what is typed must match'
    if (need.need === 'reason' && answers.reason.trim() === '') return 'a reason is needed'
  }
  return null
}

function replicas(json: unknown): number {
  const spec = (json as { spec?: { replicas?: unknown } }).spec
  return typeof spec?.replicas === 'number' ? spec.replicas : 1
}
