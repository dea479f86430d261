import { useState } from 'react'
import { grouped, size } from '../../lib/text'
import { clock } from '../../lib/time'
import { Button } from '../../ui/Button'
import { copy } from '../../ui/clipboard'
import { useConsole, useStore } from '../../ui/console'
import { Icon } from '../../ui/Icon'
import { type Item, MenuButton } from '../../ui/Menu'
import type { Tap } from '../../wire/api'
import { download } from '../../wire/taps'
import { clear, hold, stop, stopObstacle } from './acts'
import { Budget } from './Budget'
import { CaptureFilter } from './CaptureFilter'
import { Pods } from './Pods'
import { Since } from './Since'
import { standing } from './standing'
import css from './traffic.module.css'

/** What is tapped and how it goes: never plain green when something was lost. */
export function TapHead({ tap, set }: { tap: Tap | null; set: (tap: Tap) => void }) {
  const console = useConsole()
  const [pods, setPods] = useState(false)
  const link = useStore(console.socket.link)
  if (tap === null) return <div className={css.head} aria-busy="true" />
  const { totals } = tap
  const state = standing(tap)
  const failed = tap.targets.filter(({ error }) => error).length
  return (
    <>
      <header className={css.head}>
        <Button bare icon="back" onClick={() => console.commands.run('traffic')}>
          All taps
        </Button>
        <span className={css[`level${state.level}`]} role="status">
          <i>{state.shape}</i> {state.word}
        </span>
        {link.is !== 'live' && (
          <span className={css.offline} role="alert" title="What is shown is what was seen before; the tap goes on">
            ▲ offline{'sinceMs' in link ? ` since ${clock(link.sinceMs)}` : ''}
          </span>
        )}
        <b className={css.title} title={`${tap.title} · ${tap.cluster}`}>
          {tap.title}
        </b>
        <button type="button" className={css.podsButton} aria-expanded={pods} onClick={() => setPods(!pods)}>
          {tap.targets.length === 1 ? '1 pod' : `${grouped(tap.targets.length)} pods`}
          {failed > 0 && <span className={css.level3}> ▲ {failed} not tapped</span>}
          <Icon name="chevron" />
        </button>
        <span className={css.figures}>
          <span title="packets that the kernel gave to the agents">{grouped(totals.packets)} packets</span>
          <span title="bytes of these packets">{size(totals.bytes)}</span>
        </span>
        <Since tap={tap} />
        <span className={css.space} />
        <CaptureFilter tap={tap} set={set} />
        <MenuButton items={downloads(tap)} className={css.menuButton} label="Download what the tap has">
          Download <Icon name="chevron" />
        </MenuButton>
        {!console.session.get().read_only && (
          <>
            <Button title="Forget what it has; it goes on" onClick={() => void clear(console, tap.id)}>
              Clear
            </Button>
            <Button
              aria-pressed={tap.paused}
              disabled={stopObstacle(console, tap.state) !== null}
              title={
                stopObstacle(console, tap.state) ??
                (tap.paused
                  ? 'The pods’ packets are looked at again'
                  : 'The pods’ packets pass unseen until you go on; what is missing is said')
              }
              onClick={() => void hold(console, tap, set)}
            >
              {tap.paused ? 'Capture again' : 'Hold'}
            </Button>
            <Button
              look="danger"
              disabled={stopObstacle(console, tap.state) !== null}
              title={stopObstacle(console, tap.state) ?? 'Ends the capture; the records stay'}
              onClick={() => void stop(console, tap.id)}
            >
              Stop
            </Button>
          </>
        )}
      </header>
      {pods && <Pods targets={tap.targets} />}
      <Obliged tap={tap} />
      <Losses tap={tap} />
      <Sockets tap={tap} />
      <Budget tap={tap.id} gone={Math.max(0, totals.records - totals.kept)} />
    </>
  )

  function downloads(of: Tap): Item[] {
    const none = of.packets === 'none' ? 'this tap keeps no packets' : null
    const from = (format: 'pcapng' | 'har' | 'jsonl') => () => fetchFile(download(of.id, format))
    return [
      { title: 'Packets (pcapng)', disabled: none, run: from('pcapng') },
      { title: 'Requests (HAR)', run: from('har') },
      { title: 'Records (JSON lines)', run: from('jsonl') },
      {
        title: 'Copy the command that shows it',
        icon: 'copy',
        apart: true,
        run: () => copy(console, `qd tap show ${of.id}`, 'the command'),
      },
    ]
  }
}

/** What is missing, where it is certain that something is. */
function Losses({ tap }: { tap: Tap }) {
  const { lost, packets } = tap.totals
  if (lost === 0 && !tap.partial && tap.error === undefined) return null
  const share = packets + lost > 0 ? (100 * lost) / (packets + lost) : 0
  return (
    <div className={css.loss} role="note">
      {tap.error !== undefined && (
        <span className={css.level4}>
          ■ {tap.error.message} <code>{tap.error.code}</code>
        </span>
      )}
      {lost > 0 && (
        <span>
          ▲ {grouped(lost)} packets were lost or left out ({share < 0.1 ? '< 0.1' : share.toFixed(1)} %). Records that
          miss something say so; a narrower capture filter loses less.
        </span>
      )}
      {lost === 0 && tap.partial && (
        <span>▲ Not all is told: the rows “loss”, “gap” and “tap” say what was left out, when and why.</span>
      )}
    </div>
  )
}

/** What policy obliges it to, so that nobody looks for what is not let out. */
function Obliged({ tap }: { tap: Tap }) {
  if (tap.obliged === undefined) return null
  return (
    <div className={css.loss} role="note">
      <span>▲ Policy obliges this tap: {tap.obliged.join('; ')}.</span>
    </div>
  )
}

/** Where packets may not be seen, so that nobody waits for requests. */
function Sockets({ tap }: { tap: Tap }) {
  const pods = tap.targets.filter(({ no_packets, state }) => no_packets !== undefined && state !== 'ended')
  const many = pods.length
  if (many === 0) return null
  return (
    <div className={css.loss} role="note">
      <span>
        ▲ No packets are allowed in {many === 1 ? '1 pod' : `${grouped(many)} pods`}: connections alone are shown there,
        as the kernel tells them, without what they carry. {pods[0]?.no_packets}
      </span>
    </div>
  )
}

/** The browser fetches a file as if its link had been clicked. */
function fetchFile(url: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = ''
  link.click()
}
