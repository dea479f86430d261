import { ALL, type Chip, PROTOCOL_CHIPS, QUALITY_CHIPS, withChip } from '../../lib/chips'
import { grouped } from '../../lib/text'
import { useCommands } from '../../ui/commands'
import { useConsole, useRoute } from '../../ui/console'
import css from './traffic.module.css'
import { useCounts } from './useCounts'

/** All, one for each protocol that was seen, and what is wrong: with how many records each has. */
export function Chips({ tap }: { tap: string }) {
  const console = useConsole()
  const { navigation } = console
  const { traffic, filter } = useRoute()
  const counts = useCounts(tap)
  const chosen = traffic?.chip ?? ''
  const { problem } = withChip(filter, chosen)
  // A protocol shows when there is something of it; what may be wrong always does, because none of it is good news.
  const protocols = PROTOCOL_CHIPS.filter(({ id }) => (counts.get(id) ?? 0) > 0 || id === chosen)
  const quality = QUALITY_CHIPS.filter(({ id }) => counts.get(id) !== undefined || id === chosen)
  const choose = (id: string) => navigation.traffic({ chip: id === chosen ? '' : id }, {}, false)
  useCommands(console.commands, {
    'traffic.chip': () => {
      const all = [ALL, ...protocols, ...quality].filter(({ id }) => id === '' || (counts.get(id) ?? 0) > 0)
      const at = all.findIndex(({ id }) => id === chosen)
      navigation.traffic({ chip: all[(at + 1) % all.length]?.id ?? '' }, {}, false)
    },
  })
  const button = (chip: Chip) => (
    <button
      key={chip.id}
      type="button"
      className={css.chip}
      aria-pressed={chip.id === chosen}
      title={chip.id === chosen && problem !== undefined ? `${problem}: the chip does nothing` : chip.help}
      onClick={() => choose(chip.id)}
    >
      {chip.title}
      <span className={css.number}>{number(counts.get(chip.id))}</span>
    </button>
  )
  return (
    <fieldset className={css.chips}>
      <legend className="unseen">Which records</legend>
      {button(ALL)}
      {protocols.map(button)}
      <span className={css.gapline} aria-hidden="true" />
      {quality.map(button)}
    </fieldset>
  )
}

const number = (count: number | undefined) => (count === undefined ? '' : grouped(count))
