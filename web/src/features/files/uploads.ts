/** Files on their way into a workspace: one after the other, each with how far it is. */

import { Store } from '../../lib/store'
import { UNANSWERED } from '../../ui/answers'
import type { Wants } from '../../ui/wants'
import type { Answers, ErrorBody } from '../../wire/api'
import { upload } from '../../wire/files'
import { errorBody } from '../../wire/rest'
import type { Place } from '../../wire/workspaces'
import { within } from './listing'

export interface Upload {
  id: number
  name: string
  folder: string
  size: number
  have: number
  is: 'waiting' | 'going' | 'exists' | 'failed'
  error: ErrorBody | null
}

interface Job {
  file: File
  abort: AbortController
  /** Over what is there of its name. */
  replace: boolean
}

export class Uploads {
  readonly all = new Store<readonly Upload[]>([])
  #where: Place
  #wants: Wants
  /** What was answered for one holds for those that wait with it. */
  #answers = UNANSWERED
  #jobs = new Map<number, Job>()
  #next = 1
  #going = false
  #done: () => void

  constructor(where: Place, wants: Wants, done: () => void) {
    this.#where = where
    this.#wants = wants
    this.#done = done
  }

  add(folder: string, files: readonly File[]): void {
    const made = files.map((file): Upload => {
      const id = this.#next++
      this.#jobs.set(id, { file, abort: new AbortController(), replace: false })
      return { id, name: file.name, folder, size: file.size, have: 0, is: 'waiting', error: null }
    })
    this.all.update((all) => [...all, ...made])
    void this.#run()
  }

  /** What is there is replaced, or what failed is tried again. */
  again(id: number): void {
    const job = this.#jobs.get(id)
    if (job !== undefined) job.replace ||= this.all.get().some((one) => one.id === id && one.is === 'exists')
    this.#change(id, { is: 'waiting', error: null })
    void this.#run()
  }

  drop(id: number): void {
    this.#jobs.get(id)?.abort.abort()
    this.#jobs.delete(id)
    this.all.update((all) => all.filter((one) => one.id !== id))
  }

  close(): void {
    for (const { abort } of this.#jobs.values()) abort.abort()
  }

  async #run(): Promise<void> {
    if (this.#going) return
    this.#going = true
    for (;;) {
      const next = this.all.get().find(({ is }) => is === 'waiting')
      if (next === undefined) break
      await this.#send(next)
    }
    this.#going = false
    this.#answers = UNANSWERED
  }

  async #send({ id, folder, name }: Upload): Promise<void> {
    const job = this.#jobs.get(id)
    if (job === undefined) return
    this.#change(id, { is: 'going' })
    const told = (have: number) => this.#change(id, { have })
    const { file, abort, replace } = job
    try {
      const title = `Upload ${name} to ${this.#where.name}`
      const send = (answers: Answers) => {
        this.#answers = answers
        return upload(this.#where, within(folder, name), file, { replace, answers, signal: abort.signal, told })
      }
      await this.#wants.answered(title, 'Upload', send, this.#answers)
      this.drop(id)
      this.#done()
    } catch (thrown) {
      if (abort.signal.aborted) return
      const error = errorBody(thrown)
      this.#change(id, { is: error.code === 'file_conflict' && !replace ? 'exists' : 'failed', error })
    }
  }

  #change(id: number, change: Partial<Upload>): void {
    this.all.update((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one)))
  }
}
