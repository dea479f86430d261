/** Acts on a running tap, with their results in the status line. */

import type { Console } from '../../ui/console'
import { isOver } from '../../ui/taps'
import type { Tap } from '../../wire/api'
import { errorBody } from '../../wire/rest'
import { changeTap, clearTap, readRecord, stopTap } from '../../wire/taps'
import { filterFor } from './record/copies'
import { endpoints } from './record/model'

export async function stop(console: Console, id: string): Promise<void> {
  if (id === '') return
  await said(console, () => stopTap(id), 'the tap is stopped; its records stay')
}

/** Why a tap in this state cannot be stopped, or null. */
export function stopObstacle(console: Console, state: string | undefined): string | null {
  if (console.session.get().read_only) return 'this console was started with --read-only'
  if (state === undefined) return 'no tap is chosen'
  return isOver(state) ? 'it is over already' : null
}

export async function clear(console: Console, id: string): Promise<void> {
  await said(console, () => clearTap(id), 'what the tap had is cleared; it goes on')
}

/** Lets packets pass unseen, or looks at them again: the tap and its records stay. */
export async function hold(
  console: Console,
  { id, paused }: Pick<Tap, 'id' | 'paused'>,
  set: (tap: Tap) => void,
): Promise<void> {
  const good = paused ? 'packets are captured again' : 'the capture is held: packets pass unseen until it goes on'
  await said(console, async () => set(await changeTap(id, { paused: !paused })), good)
}

/** Shows the records of the flow of one record, and nothing else; again, and all are shown. */
export async function onlyFlow(console: Console, tap: string, record: string): Promise<void> {
  const { navigation, results } = console
  try {
    const filter = filterFor((await readRecord(tap, record)).record)
    const now = navigation.route.get().filter
    navigation.traffic({ chip: '' }, { filter: now === filter ? '' : filter })
  } catch (error) {
    results.add(false, errorBody(error).message)
  }
}

/** Goes to the pod that was asked, else to the one that asked. */
export async function toEnd(console: Console, tap: string, cluster: string, record: string): Promise<void> {
  try {
    const { record: json } = await readRecord(tap, record)
    const pods = endpoints(json).flatMap(({ pod }) => (pod === null ? [] : [pod]))
    const pod = pods.at(-1)
    if (pod === undefined) console.results.add(false, 'no pod is known at either end')
    else toPod(console, cluster, pod)
  } catch (error) {
    console.results.add(false, errorBody(error).message)
  }
}

/** Shows a pod among its like; Back returns to the record. */
export function toPod({ navigation }: Console, cluster: string, pod: { namespace: string; name: string }): void {
  const { namespace, name } = pod
  navigation.go({ kind: 'pods', namespaces: [namespace], filter: '', sort: [], object: { cluster, namespace, name } })
}

async function said(console: Console, act: () => Promise<unknown>, good: string): Promise<void> {
  try {
    await act()
    console.results.add(true, good)
  } catch (error) {
    const { message, code } = errorBody(error)
    console.results.add(false, `${message} (${code})`)
  }
}
