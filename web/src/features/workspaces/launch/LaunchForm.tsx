import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react'
import { lacking, needsOf, UNANSWERED } from '../../../ui/answers'
import { useCommands } from '../../../ui/commands'
import { useConsole, useStore } from '../../../ui/console'
import { Needs } from '../../../ui/Needs'
import type { Answers, BlueprintList, BlueprintRow, ErrorBody, Need } from '../../../wire/api'
import { errorBody } from '../../../wire/rest'
import { launchWorkspace } from '../../../wire/workspaces'
import { fixed } from '../acts'
import { between, createRequest, type Draft, isAsked, isByFile, placed, previewRequest } from './draft'
import { LaunchFields } from './LaunchFields'
import { LaunchFoot } from './LaunchFoot'
import css from './launch.module.css'
import { Preview } from './Preview'
import { usePreview } from './usePreview'

interface Props {
  draft: Draft
  list: BlueprintList
  chosen: BlueprintRow
  change: (part: Partial<Draft>) => void
  launched: () => void
}

/** The fields, what comes of them, and the launch: Ctrl-Enter anywhere in it. */
export function LaunchForm({ draft, list, chosen, change, launched }: Props) {
  const console = useConsole()
  const link = useStore(console.socket.link)
  const form = useRef<HTMLFormElement>(null)
  const [asked, setAsked] = useState<readonly string[]>([])
  const request = previewRequest(draft, asked)
  const { preview, error, old } = usePreview(request)
  const [needs, setNeeds] = useState<readonly Need[]>([])
  const [answers, setAnswers] = useState<Answers>(UNANSWERED)
  const [refused, setRefused] = useState<ErrorBody | null>(null)
  const [busy, setBusy] = useState(false)
  // The same launch is asked for once, however often it is sent; what is filled in otherwise is another one.
  const spoken = JSON.stringify(createRequest(draft, asked))
  // biome-ignore lint/correctness/useExhaustiveDependencies: another request has another key
  const key = useMemo(() => crypto.randomUUID(), [spoken])

  const here = chosen.params.filter((param, at) => isAsked(param, at, preview)).map(({ name }) => name)
  const hereNow = here.join(' ')
  useEffect(() => setAsked(hereNow === '' ? [] : hereNow.split(' ')), [hereNow])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was refused was another request
  useEffect(() => {
    setRefused(null)
    setNeeds([])
  }, [spoken])
  useEffect(() => form.current?.querySelector<HTMLElement>('#launch-name')?.focus(), [])
  const wanting = needs.length
  useEffect(() => {
    if (wanting > 0) form.current?.querySelector<HTMLElement>('[data-need]')?.focus()
  }, [wanting])

  const missing =
    (link.is === 'live' ? fixed(console) : 'the connection to the server is lost') ??
    between(draft, preview) ??
    lacking(needs, answers)
  const launch = async () => {
    if (busy || missing !== null) return
    setBusy(true)
    setRefused(null)
    try {
      const { workspace } = await launchWorkspace(
        { ...createRequest(draft, asked), answers: { ...answers, confirm: true } },
        key,
      )
      launched()
      const { cluster, namespace, name } = workspace
      console.results.add(true, `workspace ${name} is being made`)
      console.navigation.workspaces({ open: { cluster, namespace, name }, face: 'overview', launch: false })
    } catch (thrown) {
      const body = errorBody(thrown)
      const wants = needsOf(body)
      if (wants === null) setRefused(body)
      else setNeeds(wants)
      setBusy(false)
    }
  }
  const leave = () => console.navigation.workspaces({ launch: false })
  useCommands(console.commands, {
    'launch.go': { run: () => void launch(), reason: () => missing },
    'launch.leave': leave,
  })
  const byFile = isByFile(draft)
  const problems = placed(preview?.problems ?? [], byFile ? [] : chosen.params)
  const instead = () => change({ blueprint: list.default_blueprint, byFile: false, preset: '', values: {} })
  return (
    <form
      ref={form}
      className={css.page}
      data-scope="launch"
      data-page
      aria-label="Launch a workspace"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        void launch()
      }}
    >
      <div className={css.columns}>
        <div className={css.fields}>
          <h2 className={css.title}>Launch a workspace</h2>
          <LaunchFields
            draft={draft}
            list={list}
            chosen={chosen}
            asked={here}
            preview={preview}
            problems={problems}
            refused={refused}
            change={change}
          />
          <Needs needs={needs} answers={answers} change={setAnswers} confirm="This launch has to be confirmed." />
        </div>
        <Preview
          preview={preview}
          error={error}
          old={old}
          others={problems.others}
          from={byFile ? 'the file of the repository' : chosen.name}
          instead={byFile && preview?.valid === false ? { name: list.default_blueprint, choose: instead } : null}
        />
      </div>
      <LaunchFoot missing={missing} refused={refused} busy={busy} draft={draft} leave={leave} />
    </form>
  )
}
