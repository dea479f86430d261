/**
 * The one WebSocket of this tab. It carries every subscription, comes back by itself after a loss and then resumes each
 * subscription where it stopped. Frames are acknowledged after the next paint, so that a tab that cannot keep up, or
 * stands in the background, gets fewer frames and no queue.
 */

import { Store } from '../lib/store'
import type { ClientFrame, End, Resume, ServerFrame, What } from './api'
import { Backoff } from './backoff'
import { Clock } from './clock'

/** What the rest of the console sees of the connection. */
export type Link =
  | { is: 'connecting' }
  | { is: 'live' }
  | { is: 'lost'; sinceMs: number; retryAtMs: number; attempts: number }
  | { is: 'refused'; sinceMs: number }

/** Who takes the frames of one subscription. */
export interface Receiver {
  what(): What
  /** Where it stopped, if it can go on from there. */
  resume(): Resume | undefined
  receive(frame: ServerFrame): void
  end(end: End): void
}

export interface SocketLike {
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(text: string): void
  close(): void
}

export interface Environment {
  open(): SocketLike
  /** Calls back after the next paint. */
  painted(then: () => void): void
  /** Says whether the server still knows who we are; asked before a retry after a refused handshake. */
  signedIn(): Promise<boolean>
}

export class Socket {
  readonly link = new Store<Link>({ is: 'connecting' })
  readonly clock = new Clock()
  epoch = 0
  #environment: Environment
  #socket: SocketLike | null = null
  #open = false
  #receivers = new Map<number, Receiver>()
  #nextId = 1
  #backoff = new Backoff()
  #timer: ReturnType<typeof setTimeout> | undefined
  #attempts = 0
  #lostSince = 0
  #closed = false
  #acks = new Map<number, number>()
  #ackScheduled = false

  constructor(environment: Environment) {
    this.#environment = environment
  }

  connect(): void {
    this.#closed = false
    this.#dial()
  }

  /** Tries at once instead of waiting for the next retry. */
  reconnect = (): void => {
    if (this.#open || this.#closed) return
    clearTimeout(this.#timer)
    this.#backoff.reset()
    this.#dial()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  /** Opens a subscription; the answer is its number. */
  subscribe(receiver: Receiver): number {
    const id = this.#nextId++
    this.#receivers.set(id, receiver)
    if (this.#open) this.#sub(id, receiver)
    return id
  }

  move(id: number, at: number, len: number): void {
    if (this.#open) this.#send({ move: { id, at, len } })
  }

  unsubscribe(id: number): void {
    if (!this.#receivers.delete(id)) return
    this.#acks.delete(id)
    if (this.#open) this.#send({ unsub: { id } })
  }

  #sub(id: number, receiver: Receiver): void {
    const resume = receiver.resume()
    const what = receiver.what()
    this.#send({ sub: resume === undefined ? { id, what } : { id, what, resume } })
  }

  #dial(): void {
    clearTimeout(this.#timer)
    const old = this.#socket
    if (old !== null) {
      old.onopen = old.onmessage = old.onclose = null
      old.close()
    }
    const socket = this.#environment.open()
    this.#socket = socket
    socket.onopen = () => {
      this.#open = true
      this.#acks.clear()
      for (const [id, receiver] of this.#receivers) this.#sub(id, receiver)
    }
    socket.onmessage = (event) => {
      if (typeof event.data === 'string') this.#frame(JSON.parse(event.data) as ServerFrame)
    }
    socket.onclose = () => this.#lost()
  }

  #lost(): void {
    const wasOpen = this.#open
    this.#open = false
    this.#socket = null
    if (this.#closed) return
    const now = this.clock.now()
    if (this.#lostSince === 0) this.#lostSince = now
    this.#attempts += 1
    const wait = this.#backoff.next()
    this.link.set({ is: 'lost', sinceMs: this.#lostSince, retryAtMs: now + wait, attempts: this.#attempts })
    this.#timer = setTimeout(() => this.#retry(wasOpen), wait)
  }

  async #retry(wasOpen: boolean): Promise<void> {
    if (!wasOpen && !(await this.#environment.signedIn())) {
      this.link.set({ is: 'refused', sinceMs: this.#lostSince })
      this.#timer = setTimeout(() => this.#retry(false), this.#backoff.next())
      return
    }
    if (!this.#closed && !this.#open) this.#dial()
  }

  #frame(frame: ServerFrame): void {
    if ('hello' in frame) {
      this.clock.set(frame.hello.now_ms)
      this.epoch = frame.hello.epoch
      this.#backoff.reset()
      this.#attempts = 0
      this.#lostSince = 0
      this.link.set({ is: 'live' })
      return
    }
    if ('end' in frame) {
      const receiver = this.#receivers.get(frame.end.id)
      this.#receivers.delete(frame.end.id)
      receiver?.end(frame.end)
      return
    }
    const body =
      'snap' in frame
        ? frame.snap
        : 'delta' in frame
          ? frame.delta
          : 'counts' in frame
            ? frame.counts
            : 'clusters' in frame
              ? frame.clusters
              : undefined
    if (body === undefined) return
    this.#receivers.get(body.id)?.receive(frame)
    this.#acks.set(body.id, body.seq)
    if (this.#ackScheduled) return
    this.#ackScheduled = true
    this.#environment.painted(() => {
      this.#ackScheduled = false
      for (const [id, seq] of this.#acks) if (this.#open) this.#send({ ack: { id, seq } })
      this.#acks.clear()
    })
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame))
  }
}

/** The address of a socket of the API. */
export function socketUrl(path: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return `${scheme}//${location.host}/api/v1${path}`
}

/** The environment of a real tab. */
export function browser(signedIn: () => Promise<boolean>): Environment {
  return {
    open: () => new WebSocket(socketUrl('/socket')),
    // The frame after next: by then the browser has painted what the first callback drew.
    painted: (then) => requestAnimationFrame(() => setTimeout(then, 0)),
    signedIn,
  }
}
