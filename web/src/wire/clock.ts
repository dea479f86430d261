/** The server's clock as this tab knows it: ages never depend on the computer's own. */
export class Clock {
  #offset = 0

  /** The server said that it is `serverMs` now. */
  set(serverMs: number): void {
    this.#offset = serverMs - Date.now()
  }

  now = (): number => Date.now() + this.#offset

  /** How far this computer's clock is off, in milliseconds. */
  skew(): number {
    return -this.#offset
  }
}
