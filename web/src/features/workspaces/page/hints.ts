/** Why a workspace did not start, and what to do about it. */

import type { WorkspaceCondition } from '../../../wire/api'

/** By the one word of a condition. */
const HINTS: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /^(ErrImagePull|ImagePullBackOff|ErrImageNeverPull)$/,
    'The node cannot get the image: look at its name and tag, and whether the registry wants credentials. The kubelet goes on trying; a right image in the workspace starts it anew.',
  ],
  [/^InvalidImageName$/, 'The image has no valid name: registry/repository:tag.'],
  [
    /^CreateContainerConfigError$/,
    'Something that the container needs is missing: a Secret, a ConfigMap or one of their keys.',
  ],
  [
    /^OOMKilled$/,
    'It used more memory than it may: give it more (MEMORY of the blueprint, or the limit of the workspace).',
  ],
  [/^CrashLoopBackOff$/, 'Its main program ends again and again: its last lines say why.'],
  [/^FailedBinding$/, 'A volume finds no place: is there a storage class that serves it?'],
  [/^QuotaExceeded$/, 'A quota is full: stop or delete a workspace, or ask whoever looks after the cluster for more.'],
  [
    /^(GrantMissing|PolicyDenied)$/,
    'You lack the right for this: whoever looks after the cluster gives it with a Grant.',
  ],
  [/^NameConflict$/, 'Something else has this name or address: launch it under another one.'],
  [/^BlueprintNotFound$/, 'There is no such blueprint here: choose another one, or apply it to the cluster.'],
  [
    /^(BlueprintInvalid|CELError|Cycle)$/,
    'The blueprint is wrong: its author can mend it; `qd blueprint validate` shows where.',
  ],
  [/^(ParamInvalid|FieldNotAllowed)$/, 'A value is missing or not allowed: the blueprint says which ones it takes.'],
  [/^(Scheduling|DeadlineExceeded)$/, 'No node has room for it in time: ask for less, or for a bigger cluster.'],
  [/^AgentUnreachable$/, 'Its pod runs, but the daemon in it does not answer: its log says why.'],
]

/** A sentence, or nothing where nobody knows better. */
export function hint(reason: string): string {
  return HINTS.find(([pattern]) => pattern.test(reason))?.[1] ?? ''
}

/** What a workspace has to pass, in this order. */
const GATES = ['Accepted', 'BlueprintResolved', 'StorageReady', 'Ready'] as const

/** The one word why it does not run; empty while nothing is wrong. */
export function culprit(conditions: readonly Pick<WorkspaceCondition, 'type' | 'status' | 'reason'>[]): string {
  const shut = GATES.map((gate) => conditions.find(({ type, status }) => type === gate && status === 'False'))
  return shut.find((one) => one !== undefined)?.reason ?? ''
}
