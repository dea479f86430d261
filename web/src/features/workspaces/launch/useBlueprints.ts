/** The blueprints that a namespace sees; read anew when they change. */

import { useConsole, useStore } from '../../../ui/console'
import { type Read, useRead } from '../../../ui/useRead'
import type { BlueprintList } from '../../../wire/api'
import { readBlueprints } from '../../../wire/workspaces'

const REST_MS = 150

export function useBlueprints(cluster: string, namespace: string): Read<BlueprintList> {
  const console = useConsole()
  const counts = useStore(console.counts.kinds)
  // One that comes or goes is told by the counts of the navigation.
  const many = [counts['blueprints.quarterdeck.dev'], counts['clusterblueprints.quarterdeck.dev']].join()
  const read = (signal: AbortSignal) => readBlueprints(cluster, namespace, signal)
  return useRead(cluster === '' ? null : read, [cluster, namespace, many], REST_MS)
}
