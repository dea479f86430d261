/** What the policy wants to be answered before something is done: asked in one dialog, one thing after the other. */

import { Store } from '../lib/store'
import type { Answers, Need } from '../wire/api'
import { errorBody } from '../wire/rest'
import { needsOf, UNANSWERED } from './answers'

export interface Wanted {
  /** What would be done: `Open a shell in desk`. */
  title: string
  /** On the button. */
  verb: string
  needs: readonly Need[]
  /** Null leaves it. */
  answer: (answers: Answers | null) => void
}

export class Wants {
  /** What is asked now. */
  readonly open = new Store<Wanted | null>(null)
  #last: Promise<unknown> = Promise.resolve()

  /** The answers; null when it is left. */
  ask(title: string, verb: string, needs: readonly Need[]): Promise<Answers | null> {
    const asked = this.#last.then(
      () =>
        new Promise<Answers | null>((told) => {
          const answer = (answers: Answers | null) => {
            this.open.set(null)
            told(answers)
          }
          this.open.set({ title, verb, needs, answer })
        }),
    )
    this.#last = asked
    return asked
  }

  /** Does it; where the policy wants answers first, asks for them and does it again with them. What is left has failed. */
  async answered<T>(
    title: string,
    verb: string,
    run: (answers: Answers) => Promise<T>,
    given: Answers = UNANSWERED,
  ): Promise<T> {
    let answers = given
    for (;;) {
      try {
        return await run(answers)
      } catch (thrown) {
        const needs = needsOf(errorBody(thrown))
        const next = needs === null ? null : await this.ask(title, verb, needs)
        if (next === null) throw thrown
        answers = next
      }
    }
  }
}
