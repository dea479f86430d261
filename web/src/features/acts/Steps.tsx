import { Problem } from '../../ui/Problem'
import type { Plan, PlanStep } from '../../wire/api'
import css from './acts.module.css'
import { Diff } from './Diff'

const SIGN = { allow: ['●', 'allowed'], needs: ['◆', 'allowed once confirmed'], deny: ['■', 'denied'] } as const
const OPEN_DIFFS = 3

/** One step per object: who decided what, the diff, what else happens. */
export function Steps({ plan }: { plan: Plan }) {
  const problems = plan.steps.filter((step) => step.decision === 'deny' || step.error !== undefined)
  const others = plan.steps.filter((step) => !problems.includes(step))
  return (
    <ol className={css.steps}>
      {[...problems, ...others].map((step, at) => (
        <Step
          key={`${step.object.cluster}/${step.object.namespace}/${step.object.name}`}
          step={step}
          open={at < OPEN_DIFFS}
        />
      ))}
    </ol>
  )
}

function Step({ step, open }: { step: PlanStep; open: boolean }) {
  const [shape, word] = SIGN[step.decision]
  const { cluster, namespace, name } = step.object
  return (
    <li>
      <div className={css.object}>
        <b>{name}</b>
        <span>
          {namespace !== '' && `${namespace} · `}
          {cluster}
        </span>
      </div>
      <p className={css[step.decision]}>
        <i>{shape}</i> {word}
        {step.reason !== '' && <span className={css.why}> · {step.reason}</span>}
      </p>
      {step.error !== undefined && <Problem before="dry run: " error={step.error} />}
      {step.effects.map((effect) => (
        <p key={effect} className={css.effect}>
          <i>◆</i> {effect}
        </p>
      ))}
      {step.diff !== '' && open && <Diff diff={step.diff} />}
    </li>
  )
}
