import { memo, useRef } from 'react'
import { text } from '../../lib/json'
import { PARTS, type Part } from '../../lib/route'
import { Button } from '../../ui/Button'
import { copy } from '../../ui/clipboard'
import { useCommands } from '../../ui/commands'
import { type Console, useConsole } from '../../ui/console'
import { type Item, keyOf, MenuButton } from '../../ui/Menu'
import { Pane, type PanePlace } from '../../ui/Pane'
import { Failed, Skeleton } from '../../ui/State'
import { toPod } from './acts'
import { partsOf, RecordPart } from './RecordPart'
import { curl, filterFor, har } from './record/copies'
import { title } from './record/model'
import css from './traffic.module.css'
import { flowOf, traceOf, useFlow, useRecord, useTrace } from './useRecord'

const TITLES: Readonly<Record<Part, string>> = {
  overview: 'Overview',
  headers: 'Headers',
  body: 'Body',
  messages: 'Messages',
  tls: 'TLS',
  packets: 'Packets',
  stream: 'Stream',
  flow: 'Conversation',
  trace: 'Trace',
  json: 'JSON',
}

interface Props {
  tap: string
  record: string
  part: Part
  place: PanePlace
  /** The tap keeps packets. */
  kept: boolean
  /** Where its pods are. */
  cluster: string
}

/** One record, right of the list or below it; each frame of the list draws the view anew, but not this. */
export const RecordPane = memo(function RecordPane({ tap, record, part, place, kept, cluster }: Props) {
  const console = useConsole()
  const { navigation, commands } = console
  const reading = useRecord(tap, record)
  const json = reading.is === 'here' ? reading.value.record : null
  const parts = json === null ? PARTS : partsOf(json)
  const shown = parts.includes(part) ? part : 'overview'
  const flowId = json === null ? '' : flowOf(json)
  const flow = useFlow(tap, flowId !== '' && ['flow', 'messages', 'tls'].includes(shown) ? flowId : null)
  const traceId = json === null ? '' : traceOf(json)
  const trace = useTrace(tap, traceId !== '' && shown === 'trace' ? traceId : null)
  const copying = useRef<HTMLSpanElement>(null)
  const show = (next: Part) => navigation.traffic({ part: next }, {}, false)
  const missing = (next: Part) => (parts.includes(next) ? null : `this record has no ${TITLES[next].toLowerCase()}`)

  useCommands(commands, {
    'record.close': () => {
      navigation.traffic({ record: null })
      commands.run('table.focus')
    },
    ...Object.fromEntries(
      (['overview', 'headers', 'body', 'packets', 'stream', 'flow', 'trace', 'json'] as const).map((name) => [
        `record.${name}`,
        { run: () => show(name), reason: () => missing(name) },
      ]),
    ),
    'record.copy': () => copying.current?.click(),
  })

  return (
    <Pane
      scope="record"
      label="Record"
      place={place}
      name={json === null ? '…' : title(json)}
      tools={
        <>
          <Button
            onClick={() => commands.run('traffic.only')}
            disabled={flowId === ''}
            title={`Only this flow (${keyOf('traffic.only')})`}
          >
            Only this flow
          </Button>
          <MenuButton items={json === null ? [] : copies(console, json)} className={css.copy} label="Copy this record">
            <span ref={copying}>Copy</span>
          </MenuButton>
        </>
      }
      tabs={parts}
      titles={TITLES}
      tab={shown}
      show={show}
    >
      {body()}
    </Pane>
  )

  function body() {
    if (reading.is === 'reading') return <Skeleton lines={8} />
    if (reading.is === 'failed') {
      return <Failed error={reading.error} tried={`reading record ${record}`} onRetry={reading.again} />
    }
    return (
      <RecordPart
        part={shown}
        record={reading.value}
        flow={flow}
        trace={trace}
        tap={tap}
        kept={kept}
        go={(pod) => toPod(console, cluster, pod)}
        open={(id) => navigation.traffic({ record: id, part: shown === 'trace' ? 'trace' : 'overview' })}
        show={show}
      />
    )
  }
})

function copies(console: Console, json: unknown): Item[] {
  const one = (name: string, value: string | null): Item => ({
    title: `Copy as ${name}`,
    disabled: value === null ? 'only of requests that were seen' : null,
    run: () => value !== null && copy(console, value, `the record as ${name}`),
  })
  return [
    one('curl', curl(json)),
    one('HAR', har(json, console.session.get().version)),
    one('filter', filterFor(json)),
    one('JSON', JSON.stringify(json, null, 2)),
    {
      title: 'Copy its id',
      icon: 'copy',
      apart: true,
      run: () => copy(console, text(json, 'id'), 'the id of the record'),
    },
  ]
}
