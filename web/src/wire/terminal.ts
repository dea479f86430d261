/**
 * The terminal socket, `qd.term.v1`: one shell of a workspace. Frames are binary, the first byte is the channel. Both ways have
 * credit. A connection that breaks is dialled again and comes back to the same shell, whose screen comes whole.
 */

import { Store } from '../lib/store'
import type { Answers, ErrorBody, TerminalSay } from './api'
import { Backoff } from './backoff'
import { answersIn } from './rest'
import { socketUrl } from './socket'
import { type Place, path } from './workspaces'

export type TerminalState =
  | { is: 'opening' }
  | { is: 'open'; writes: boolean }
  /** The server tries to come back to the shell, or this side to the server. */
  | { is: 'lost'; message: string }
  | { is: 'exited'; code: number; signal: string }
  | { is: 'detached' }
  | { is: 'failed'; error: ErrorBody }

export interface TerminalLink {
  binaryType: BinaryType
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  send(data: Uint8Array<ArrayBuffer>): void
  close(): void
}

export interface Asked {
  shell: string
  cols: number
  rows: number
  /** Becomes the one who types, though somebody else does. */
  take: boolean
  /** To what the policy wants; null while it has not asked. */
  answers: Answers | null
}

/** What takes the output: the screen. */
export interface Screen {
  size(): { cols: number; rows: number }
  /** Empty, as at the beginning. */
  clear(): void
  write(bytes: Uint8Array, done: () => void): void
}

const [IN, OUT, RESIZE, CWD, ERROR, , CREDIT, ABOUT] = [0, 1, 2, 3, 4, 5, 6, 7]
const IN_WINDOW = 64 << 10
const PIECE = 16 << 10
/** So much output is taken before the server is told. */
const GRANT = 64 << 10
/** Input that waits for room, at most: a paste beyond it is cut, and that is told. */
export const MOST_WAITING = 4 << 20
/** Trying again by itself may help. */
const PASSING = [
  'shell_lost',
  'agent_unreachable',
  'workspace_daemon',
  'cluster_unreachable',
  'cluster_throttled',
  'slow_client',
]

export class Terminal {
  readonly state = new Store<TerminalState>({ is: 'opening' })
  /** The shell's id, once it has one. */
  readonly shell: Store<string>
  /** The shell's folder, as it was told last. */
  readonly cwd = new Store('')
  #dial: (asked: Asked) => TerminalLink
  #screen: Screen
  #link: TerminalLink | null = null
  #waiting: Uint8Array[] = []
  #held = 0
  #room = IN_WINDOW
  #taken = 0
  #backoff = new Backoff()
  #timer = 0
  #take = true
  #closed = false
  #answers: Answers | null = null

  constructor(dial: (asked: Asked) => TerminalLink, shell: string, screen: Screen) {
    this.#dial = dial
    this.#screen = screen
    this.shell = new Store(shell)
  }

  /** Dials, now. */
  open = (): void => {
    this.#hang()
    this.#closed = false
    const asked = { shell: this.shell.get(), take: this.#take, answers: this.#answers }
    const link = this.#dial({ ...asked, ...this.#screen.size() })
    link.binaryType = 'arraybuffer'
    this.#room = IN_WINDOW
    this.#taken = 0
    this.#waiting = []
    this.#held = 0
    link.onmessage = ({ data }) => {
      if (this.#link === link && data instanceof ArrayBuffer) this.#frame(new Uint8Array(data))
    }
    link.onclose = () => {
      if (this.#link !== link) return
      this.#link = null
      this.#ended()
    }
    this.#link = link
  }

  /** Another shell in its place, after the one before has ended. */
  anew = (): void => {
    this.shell.set('')
    this.state.set({ is: 'opening' })
    this.open()
  }

  /** Dials with these answers, now and when it comes back. */
  answer(answers: Answers): void {
    this.#answers = answers
    this.state.set({ is: 'opening' })
    this.open()
  }

  /** Becomes the one who types. */
  take = (): void => {
    this.#take = true
    this.open()
  }

  close(): void {
    this.#closed = true
    this.#hang()
  }

  /** Types; what does not fit is not sent, and the answer is false. */
  type(text: string | Uint8Array): boolean {
    const state = this.state.get()
    if (state.is !== 'open' || !state.writes) return false
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
    if (this.#held + bytes.length > MOST_WAITING) return false
    this.#waiting.push(bytes)
    this.#held += bytes.length
    this.#flush()
    return true
  }

  resize(cols: number, rows: number): void {
    const bytes = new Uint8Array(4)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, cols)
    view.setUint16(2, rows)
    this.#send(RESIZE, bytes)
  }

  /** Asks where the shell is; `cwd` tells. */
  where = (): void => {
    if (this.state.get().is === 'open') this.#send(CWD, new Uint8Array(0))
  }

  #frame(frame: Uint8Array): void {
    const rest = frame.subarray(1)
    switch (frame[0]) {
      case OUT:
        this.#screen.write(rest, () => this.#took(rest.length))
        break
      case CWD:
        this.cwd.set(new TextDecoder().decode(rest))
        break
      case ERROR: {
        const error = JSON.parse(new TextDecoder().decode(rest)) as ErrorBody
        if (PASSING.includes(error.code) && this.shell.get() !== '')
          this.state.set({ is: 'lost', message: error.message })
        else this.state.set({ is: 'failed', error })
        break
      }
      case CREDIT:
        this.#room += new DataView(rest.buffer, rest.byteOffset, rest.length).getUint32(0)
        this.#flush()
        break
      case ABOUT:
        this.#about(JSON.parse(new TextDecoder().decode(rest)) as TerminalSay)
        break
    }
  }

  #about(say: TerminalSay): void {
    if (say.is === 'open') {
      this.#backoff.reset()
      this.#screen.clear()
      this.shell.set(say.shell)
      this.state.set({ is: 'open', writes: say.writes })
      const { cols, rows } = this.#screen.size()
      this.resize(cols, rows)
    } else if (say.is === 'writes') {
      this.#take = say.writes
      this.state.set({ is: 'open', writes: say.writes })
    } else if (say.is === 'lost') this.state.set({ is: 'lost', message: say.message })
    else if (say.is === 'exit') this.state.set({ is: 'exited', code: say.code, signal: say.signal })
    else this.state.set({ is: 'detached' })
  }

  #took(bytes: number): void {
    this.#taken += bytes
    if (this.#taken < GRANT) return
    const grant = new Uint8Array(4)
    new DataView(grant.buffer).setUint32(0, this.#taken)
    this.#taken = 0
    this.#send(CREDIT, grant)
  }

  #flush(): void {
    while (this.#room > 0) {
      const [first] = this.#waiting
      if (first === undefined) return
      const many = Math.min(first.length, this.#room, PIECE)
      this.#send(IN, first.subarray(0, many))
      this.#room -= many
      this.#held -= many
      if (many === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(many)
    }
  }

  #send(channel: number | undefined, rest: Uint8Array): void {
    if (channel === undefined) return
    const frame = new Uint8Array(rest.length + 1)
    frame[0] = channel
    frame.set(rest, 1)
    try {
      this.#link?.send(frame)
    } catch {
      // It is not open yet, or no more: its end tells.
    }
  }

  /** The socket is over: for good, or until it is dialled again. */
  #ended(): void {
    const { is } = this.state.get()
    if (this.#closed || is === 'exited' || is === 'detached' || is === 'failed') return
    if (is !== 'lost') this.state.set({ is: 'lost', message: 'the console’s server does not answer' })
    this.#timer = window.setTimeout(this.open, this.#backoff.next())
  }

  #hang(): void {
    clearTimeout(this.#timer)
    const link = this.#link
    this.#link = null
    link?.close()
  }
}

/** Dials the shells of a workspace. */
export function shellsOf(place: Place): (asked: Asked) => TerminalLink {
  return ({ shell, cols, rows, take, answers }) => {
    const asked: Record<string, string> = { shell, cols: String(cols), rows: String(rows) }
    if (take && shell !== '') asked['take'] = 'true'
    if (answers !== null) Object.assign(asked, answersIn(answers))
    return new WebSocket(socketUrl(path(place, '/interactive', asked)), 'qd.term.v1')
  }
}
