import { useRef, useState } from 'react'
import { lacking, UNANSWERED } from './answers'
import { useConsole, useStore } from './console'
import { Decision } from './Decision'
import { Needs } from './Needs'
import type { Wanted } from './wants'

/** Asks what the policy wants to be answered, whatever it is for. Enter goes on, Esc leaves. */
export function WantsDialog() {
  const wanted = useStore(useConsole().wants.open)
  return wanted === null ? null : <Open key={`${wanted.title} ${JSON.stringify(wanted.needs)}`} wanted={wanted} />
}

function Open({ wanted: { title, verb, needs, answer } }: { wanted: Wanted }) {
  const [answers, setAnswers] = useState(UNANSWERED)
  const form = useRef<HTMLFormElement>(null)
  return (
    <Decision
      title={title}
      verb={verb}
      look="primary"
      missing={lacking(needs, answers)}
      busy={null}
      form={form}
      // Without a field the button is pressed at once; else the first field has the focus.
      ready={needs.every(({ need }) => need === 'confirm')}
      commit={() => answer({ ...answers, confirm: true })}
      close={() => answer(null)}
    >
      <Needs
        needs={needs}
        answers={answers}
        change={setAnswers}
        confirm="The policy wants a yes first: this cluster is marked as production, or a rule asks for it."
      />
    </Decision>
  )
}
