/** How many records each chip has: one subscription, which the server answers with all of them in one frame. */

import { useEffect, useState } from 'react'
import { CHIPS } from '../../lib/chips'
import { useConsole } from '../../ui/console'
import { TallyFeed } from '../../wire/feeds'

const filterOf = (where: string) => (where === '' ? '' : `where ${where}`)

/** Counts by chip; empty until the server has said. */
export function useCounts(tap: string): ReadonlyMap<string, number> {
  const { socket } = useConsole()
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map())
  useEffect(() => {
    const query = { list: { records: tap }, filters: CHIPS.map(({ where }) => filterOf(where)) }
    const feed = new TallyFeed(socket, query, (found) =>
      setCounts(new Map(CHIPS.map(({ id, where }) => [id, found[filterOf(where)] ?? 0]))),
    )
    return () => feed.close()
  }, [socket, tap])
  return counts
}
