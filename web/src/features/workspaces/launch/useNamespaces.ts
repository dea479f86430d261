/** The names of a cluster's namespaces, live; none where they may not be listed. */

import { useEffect, useState } from 'react'
import { useConsole } from '../../../ui/console'
import { RowList } from '../../../wire/list'

const MOST = 500

export function useNamespaces(cluster: string): readonly string[] {
  const { socket } = useConsole()
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    if (cluster === '') return
    const sort = [{ column: 'name', descending: false }]
    const query = { kind: 'namespaces', clusters: [cluster], namespaces: [], filter: '', sort, at: 0, len: MOST }
    const list = new RowList(socket, query).open()
    const end = list.watchFrames(() => setNames([...list.rows()].map((row) => row[3])))
    return () => {
      end()
      list.close()
    }
  }, [socket, cluster])
  return names
}
