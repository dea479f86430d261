/** What ends of the map are, as icons of 16 px; a word stands beside each. */

import type { NodeKind } from './graph'

export const KINDS: Readonly<Record<NodeKind, string>> = {
  workload: 'M5.5 5.5h8v8h-8zM2.5 10.5v-8h8',
  pod: 'M8 2l5.2 3v6L8 14l-5.2-3V5zM2.8 5L8 8l5.2-3M8 8v6',
  service: 'M8 2.5v4M8 6.5L3.5 12M8 6.5l4.5 5.5M8 6.5v6M6.8 2.5h2.4M2.5 13.5h2M7 13.5h2M11.5 13.5h2',
  node: 'M2.5 3.5h11v4h-11zM2.5 8.5h11v4h-11zM5 5.5h.5M5 10.5h.5',
  external:
    'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM2.5 8h11M8 2.5c-3.4 3.6-3.4 7.4 0 11M8 2.5c3.4 3.6 3.4 7.4 0 11',
}
