import { useRef, useState } from 'react'
import type { Selected } from '../../../lib/route'
import { lacking, UNANSWERED } from '../../../ui/answers'
import { Button } from '../../../ui/Button'
import { useConsole } from '../../../ui/console'
import { Decision } from '../../../ui/Decision'
import { Needs } from '../../../ui/Needs'
import { Problem } from '../../../ui/Problem'
import { Empty } from '../../../ui/State'
import { useRead } from '../../../ui/useRead'
import type { Answers, ErrorBody, Need, WorkspaceVolume } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { purgeRemains, readRemains } from '../../../wire/workspaces'
import { fixed } from '../acts'

const said = (volumes: readonly WorkspaceVolume[]) =>
  volumes.map(({ name, size }) => (size === '' ? name : `${name} (${size})`)).join(', ')

/** There is no such workspace; what it left can be deleted for good. */
export function Gone({ place }: { place: Selected }) {
  const console = useConsole()
  const { cluster, namespace, name } = place
  const { value, again } = useRead((signal) => readRemains(place, signal), [cluster, namespace, name])
  const [asking, setAsking] = useState(false)
  const volumes = value?.volumes ?? []
  return (
    <Empty title={`There is no workspace ${name}`}>
      <p>It was deleted, or never was. Volumes that it left stay until somebody deletes their claims.</p>
      {volumes.length > 0 && (
        <>
          <p>
            It left <b>{said(volumes)}</b>. A new workspace of this name finds them where they were.
          </p>
          {!console.session.get().read_only && (
            <Button look="danger" disabled={fixed(console) !== null} onClick={() => setAsking(true)}>
              Delete them for good…
            </Button>
          )}
        </>
      )}
      {asking && (
        <Purge
          place={place}
          volumes={volumes}
          close={() => {
            setAsking(false)
            again()
          }}
        />
      )}
    </Empty>
  )
}

interface Props {
  place: Selected
  volumes: readonly WorkspaceVolume[]
  close: () => void
}

/** What is in volumes comes back by nothing: the name is typed. */
function Purge({ place, volumes, close }: Props) {
  const console = useConsole()
  const needs: readonly Need[] = [{ need: 'typed_name', name: place.name }]
  const [answers, setAnswers] = useState<Answers>(UNANSWERED)
  const [error, setError] = useState<ErrorBody | null>(null)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const commit = async () => {
    setBusy(true)
    try {
      await purgeRemains(place, { answers: { ...answers, confirm: true } })
      console.results.add(true, `what ${place.name} left is being deleted`)
      close()
    } catch (thrown) {
      setError(errorBody(thrown))
      setBusy(false)
    }
  }
  return (
    <Decision
      title={`Delete what ${place.name} left`}
      verb="Delete for good"
      look="danger"
      missing={lacking(needs, answers)}
      busy={busy ? 'Working…' : null}
      form={form}
      commit={() => void commit()}
      close={close}
    >
      <p>▲ These volumes go, and what is in them: {said(volumes)}.</p>
      <Needs needs={needs} answers={answers} change={setAnswers} />
      {error !== null && <Problem role="alert" error={error} />}
    </Decision>
  )
}
