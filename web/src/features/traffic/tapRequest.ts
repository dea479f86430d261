/** What the dialog asks of the server, and what stands between it and the start. */

import { UNANSWERED } from '../../ui/answers'
import type { Answers, Need, ObjectRef, TapPackets, TapRequest } from '../../wire/api'

export interface Wanted {
  packets: TapPackets
  /** Null goes on until it is stopped. */
  seconds: number | null
  filter: string
  unredacted: boolean
  /** Bytes of a body that a record shows. */
  body: number
  answers: Answers
}

export const FIRST: Wanted = {
  packets: 'masked',
  seconds: 900,
  filter: '',
  unredacted: false,
  body: 4096,
  answers: UNANSWERED,
}

export function request(objects: readonly ObjectRef[], wanted: Wanted, needs: readonly Need[]): TapRequest {
  const { packets, seconds, filter, unredacted, body, answers } = wanted
  return {
    cluster: objects[0]?.cluster ?? '',
    targets: [...objects],
    namespaces: [],
    selector: '',
    filter: filter.trim(),
    packets,
    unredacted,
    body,
    ...(seconds === null ? {} : { seconds }),
    // The dialog is the question. What shows secrets is asked about once more, and Enter says yes to that.
    answers: { ...answers, confirm: needs.length > 0 || !(unredacted || packets === 'full') },
  }
}
