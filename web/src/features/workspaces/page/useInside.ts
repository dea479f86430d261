/** Apps and listening ports of a workspace that runs: read when they are looked at, and when somebody asks again. */

import { type Read, useRead } from '../../../ui/useRead'
import { type Place, readInside } from '../../../wire/workspaces'
import { type App, apps, type Listening, listening } from './inside'

export interface Inside {
  apps: readonly App[]
  ports: readonly Listening[]
}

export function useInside({ cluster, namespace, name }: Place): Read<Inside> {
  const of = { cluster, namespace, name }
  return useRead(
    async (signal) => {
      const [some, others] = await Promise.all([readInside(of, 'apps', signal), readInside(of, 'ports', signal)])
      return { apps: apps(some), ports: listening(others) }
    },
    [cluster, namespace, name],
  )
}
