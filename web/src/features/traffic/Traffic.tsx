import type { Traffic as At } from '../../lib/route'
import type { PanePlace } from '../../ui/Pane'
import { TapList } from './TapList'
import { TapView } from './TapView'

/** The section Traffic: the taps, or what one of them saw. */
export default function Traffic({ traffic, place }: { traffic: At; place: PanePlace }) {
  return traffic.tap === null ? <TapList /> : <TapView id={traffic.tap} place={place} />
}
