/** The menu of a heading: everything that dragging does, without dragging. */

import { type Arrangement, isVisible, moved, type Shown } from '../grid/columns'
import type { Column } from '../wire/api'
import type { Console } from './console'
import type { Item } from './Menu'

const STEP = 40

export function columnItems(
  console: Console,
  columns: readonly Column[],
  shown: readonly Shown[],
  arrangement: Arrangement,
  id: string,
  wide: boolean,
  change: (change: Partial<Arrangement>) => void,
): Item[] {
  const at = shown.findIndex((item) => item.column.id === id)
  const here = shown[at]
  if (here === undefined) return []
  const sort = (descending: boolean) => () => console.navigation.go({ sort: [{ column: id, descending }] })
  const width = (by: number) => () => change({ widths: { [id]: Math.max(44, here.width + by) } })
  const title = here.column.title
  return [
    { title: `${title}: smallest first`, run: sort(false) },
    { title: `${title}: largest first`, run: sort(true) },
    {
      title: 'Move left',
      apart: true,
      disabled: at === 0 ? 'first already' : null,
      run: () => change({ order: moved(shown, id, at - 1) }),
    },
    {
      title: 'Move right',
      disabled: at === shown.length - 1 ? 'last already' : null,
      run: () => change({ order: moved(shown, id, at + 1) }),
    },
    { title: 'Wider', run: width(STEP) },
    { title: 'Narrower', run: width(-STEP) },
    ...columns
      .filter((column) => column.id !== 'name')
      .map((column, index): Item => {
        const on = isVisible(column, arrangement, wide)
        return {
          title: column.title,
          checked: on,
          apart: index === 0,
          run: () => change({ visible: { [column.id]: !on } }),
        }
      }),
  ]
}
