import { SHOWS, type Show } from '../../lib/route'
import { Choices } from '../../ui/Choices'
import { useCommands } from '../../ui/commands'
import { useConsole } from '../../ui/console'
import { keyOf } from '../../ui/Menu'

const TITLES: ReadonlyArray<readonly [Show, string]> = [
  ['records', 'Records'],
  ['map', 'Map'],
  ['latency', 'Latency'],
  ['tls', 'TLS'],
]

/** Ways to look at a tap: each record, who asks whom, how long it takes, which servers speak TLS. */
export function Shows({ show }: { show: Show }) {
  const { commands, navigation } = useConsole()
  const go = (next: Show) => navigation.traffic({ show: next, record: null })
  useCommands(commands, {
    'traffic.show': () => go(SHOWS[(SHOWS.indexOf(show) + 1) % SHOWS.length] ?? 'records'),
    ...(show === 'records' ? {} : { escape: () => go('records') }),
  })
  return (
    <Choices
      legend="How to look at it"
      title={`Next (${keyOf('traffic.show')})`}
      of={TITLES}
      chosen={show}
      choose={go}
    />
  )
}
