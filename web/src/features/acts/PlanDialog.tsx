import { useEffect, useRef, useState } from 'react'
import { naming } from '../../ui/acts'
import { lacking, UNANSWERED } from '../../ui/answers'
import { type Intent, useConsole, useStore } from '../../ui/console'
import { Decision } from '../../ui/Decision'
import { Needs } from '../../ui/Needs'
import { Problem } from '../../ui/Problem'
import { Failed, Skeleton } from '../../ui/State'
import type { Act, Answers, ErrorBody, Plan } from '../../wire/api'
import { commitPlan, errorBody, readObject } from '../../wire/rest'
import { Options, type Unread } from './Options'
import { Steps } from './Steps'
import { usePlan } from './usePlan'

const UNREAD: Unread = { act: 'scale', replicas: null }
const VERBS = { delete: 'Delete', scale: 'Scale', restart: 'Restart' } as const

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
  const [answers, setAnswers] = useState(UNANSWERED)
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

  const missing = plan === null ? 'the plan is being made' : between(plan, answers)
  const commit = async () => {
    if (plan === null) return
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
    <Decision
      title={title}
      verb={VERBS[intent.act]}
      look={intent.act === 'delete' ? 'danger' : 'primary'}
      missing={missing}
      busy={busy ? 'Working…' : null}
      form={form}
      commit={() => void commit()}
      close={close}
    >
      <Options act={act ?? UNREAD} onChange={setAct} />
      {error !== null && <Problem role="alert" error={error} />}
      {planning.is === 'making' && error === null && <Skeleton lines={3} />}
      {planning.is === 'failed' && (
        <Failed error={planning.error} tried="a dry run on the API server" onRetry={() => setAttempt(attempt + 1)} />
      )}
      {plan !== null && <Steps plan={plan} />}
      {plan !== null && <Needs needs={plan.needs} answers={answers} change={setAnswers} />}
    </Decision>
  )
}

/** What stands between this plan and its commit, or null. */
function between(plan: Plan, answers: Answers): string | null {
  const denied = plan.steps.filter((step) => step.decision === 'deny').length
  if (denied > 0)
    return plan.steps.length === 1 ? 'this is not allowed' : `${denied} of ${plan.steps.length} are not allowed`
  if (!plan.ready) return 'the dry run found a problem'
  return lacking(plan.needs, answers)
}

function replicas(json: unknown): number {
  const spec = (json as { spec?: { replicas?: unknown } }).spec
  return typeof spec?.replicas === 'number' ? spec.replicas : 1
}
