/** Objects by name, over the kinds that people look for; the server filters and keeps them live while the palette is open. */

import { useEffect, useState } from 'react'
import type { Console } from '../../ui/console'
import { RowList } from '../../wire/list'
import type { Found } from './entries'

const KINDS = ['pods', 'deployments.apps', 'services', 'nodes']
const PER_KIND = 6
const REST_MS = 120

export function useObjects(console: Console, text: string): Found[] {
  const [found, setFound] = useState<Found[]>([])
  useEffect(() => {
    const word = text.trim()
    if (word.length < 2 || word.startsWith(':')) {
      setFound([])
      return
    }
    const current = console.navigation.route.get().kind
    const clusters = console.inView()
    let lists: RowList[] = []
    const timer = setTimeout(() => {
      lists = [...new Set([current, ...KINDS])]
        .filter((kind) => console.kind(kind) !== undefined)
        .map((kind) => {
          const query = { kind, clusters, namespaces: [], filter: word, sort: [], at: 0, len: PER_KIND }
          const list = new RowList(console.socket, query)
          list.onFrame = () => setFound(collect(console, lists))
          return list
        })
      for (const list of lists) list.open()
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      for (const list of lists) list.close()
    }
  }, [console, text])
  return found
}

function collect(console: Console, lists: readonly RowList[]): Found[] {
  return lists.flatMap((list) => {
    const { kind } = list.query
    const title = console.kind(kind)?.kind ?? kind
    const clusters = list.head.get().sources.map((source) => source.cluster)
    return [...list.rows()].slice(0, PER_KIND).map((row) => ({ kind, title, clusters, row }))
  })
}
