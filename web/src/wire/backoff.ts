/** Waiting times between attempts: 0.5 s, doubling to 30 s, each with up to a quarter of jitter. */
export class Backoff {
  #attempt = 0

  next(random: () => number = Math.random): number {
    const base = Math.min(30_000, 500 * 2 ** this.#attempt)
    this.#attempt = Math.min(this.#attempt + 1, 10)
    return Math.round(base * (0.75 + random() * 0.5))
  }

  reset(): void {
    this.#attempt = 0
  }
}
