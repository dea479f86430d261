/** What an act does to a workspace, in words, before it is done. */

import { text } from '../../lib/json'
import type { Need, Workspace } from '../../wire/api'
import type { Act } from './acts'

export interface Effect {
  shape: '◆' | '▲'
  text: string
}

/** `purge`: its volumes are to go too, whatever it says of them. */
export function effects(act: Act, { phase, volumes, spec, error }: Workspace, purge = false): Effect[] {
  const found: Effect[] = []
  const say = (words: string) => found.push({ shape: '◆', text: words })
  const warn = (words: string) => found.push({ shape: '▲', text: words })
  const kept = volumes.map(({ name, size }) => (size === '' ? name : `${name} (${size})`)).join(', ')
  if (act === 'start') {
    say('A pod is made for it; its volumes are where they were.')
    if (phase === 'Failed' && error !== '') warn(`It failed before: ${error}`)
    return found
  }
  if (phase === 'Running') warn('Its shells, programs and connections end.')
  if (act === 'stop') {
    say(kept === '' ? 'Only its pod goes.' : `Only its pod goes; the volumes stay: ${kept}.`)
    return found
  }
  const becomes = purge ? 'Delete' : text(spec, 'storage.onDelete') || 'Retain'
  if (kept === '') say('It has no volumes.')
  else if (becomes === 'Delete') warn(`Its volumes are deleted with it, and what is in them: ${kept}.`)
  else {
    const time = text(spec, 'storage.retainFor') || '168h'
    say(`Its volumes stay${time === '0' ? '' : ` for ${time}`}, for one of its name: ${kept}.`)
  }
  return found
}

/** Each need once. */
export function merged(needs: readonly Need[]): Need[] {
  const seen = new Map(needs.map((need) => [JSON.stringify(need), need]))
  return [...seen.values()]
}
