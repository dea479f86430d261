import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Asked, MOST_WAITING, Terminal, type TerminalLink } from './terminal'

class Fake implements TerminalLink {
  binaryType: BinaryType = 'blob'
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  readonly sent: Uint8Array[] = []
  send(data: Uint8Array<ArrayBuffer>) {
    this.sent.push(data)
  }
  close() {}
  say(channel: number, rest: string | Uint8Array) {
    const bytes = typeof rest === 'string' ? new TextEncoder().encode(rest) : rest
    const data = new Uint8Array([channel, ...bytes]).buffer
    this.onmessage?.({ data } as MessageEvent)
  }
  typed(): string {
    return this.sent
      .filter(([channel]) => channel === 0)
      .map((frame) => new TextDecoder().decode(frame.subarray(1)))
      .join('')
  }
}

let links: Fake[]
let asked: Asked[]
let shown: string
let done: Array<() => void>
const opened = (more = {}) => JSON.stringify({ is: 'open', shell: 'sh-1', writes: true, attached: false, ...more })

function terminal(shell = ''): Terminal {
  const made = new Terminal(
    (how) => {
      asked.push(how)
      const link = new Fake()
      links.push(link)
      return link
    },
    shell,
    {
      size: () => ({ cols: 80, rows: 24 }),
      clear: () => {
        shown = ''
      },
      write: (bytes, taken) => {
        shown += new TextDecoder().decode(bytes)
        done.push(taken)
      },
    },
  )
  made.open()
  return made
}

beforeEach(() => {
  vi.useFakeTimers()
  links = []
  asked = []
  shown = 'of before'
  done = []
})

describe('AR-06 a terminal in the browser', () => {
  test('AR-06f learns its shell first, on an empty screen, and types with credit', () => {
    const one = terminal()
    expect(one.type('too early')).toBe(false)
    links[0]?.say(7, opened())
    expect([one.shell.get(), one.state.get(), shown]).toEqual(['sh-1', { is: 'open', writes: true }, ''])
    expect(links[0]?.sent.at(-1)).toEqual(new Uint8Array([2, 0, 80, 0, 24]))
    expect(one.type('ä'.repeat(50_000))).toBe(true)
    expect(links[0]?.typed().length).toBe(32_768)
    links[0]?.say(6, new Uint8Array([0, 1, 0, 0]))
    expect(links[0]?.typed()).toBe('ä'.repeat(50_000))
    expect(one.type('x'.repeat(MOST_WAITING + 1))).toBe(false)
  })

  test('AR-06g grants output only as the screen takes it', () => {
    terminal()
    links[0]?.say(7, opened())
    links[0]?.say(1, new Uint8Array(70_000).fill(97))
    expect(links[0]?.sent.some(([channel]) => channel === 6)).toBe(false)
    done[0]?.()
    expect(links[0]?.sent.at(-1)).toEqual(new Uint8Array([6, 0, 1, 0x11, 0x70]))
  })

  test('AR-06h comes back to the same shell after a lost connection, and not after its end', () => {
    const one = terminal()
    links[0]?.say(7, opened())
    links[0]?.say(1, 'old')
    links[0]?.onclose?.({} as CloseEvent)
    expect(one.state.get().is).toBe('lost')
    vi.advanceTimersByTime(2000)
    expect(asked[1]).toEqual({ shell: 'sh-1', take: true, answers: null, cols: 80, rows: 24 })
    links[1]?.say(7, opened({ attached: true }))
    links[1]?.say(1, 'the screen')
    expect(shown).toBe('the screen')
    links[1]?.say(7, JSON.stringify({ is: 'exit', code: 3, signal: '' }))
    links[1]?.onclose?.({} as CloseEvent)
    vi.advanceTimersByTime(60_000)
    expect(links.length).toBe(2)
    expect(one.state.get()).toEqual({ is: 'exited', code: 3, signal: '' })
  })

  test('AR-06i takes nothing back from somebody who took it, and tells what failed', () => {
    const one = terminal('sh-1')
    links[0]?.say(7, opened())
    links[0]?.say(7, JSON.stringify({ is: 'writes', writes: false }))
    expect(one.type('x')).toBe(false)
    links[0]?.onclose?.({} as CloseEvent)
    vi.advanceTimersByTime(2000)
    expect(asked[1]?.take).toBe(false)
    one.take()
    expect(asked[2]?.take).toBe(true)
    const error = { code: 'not_found', message: 'there is no such shell', request_id: 'r' }
    links[2]?.say(4, JSON.stringify(error))
    links[2]?.onclose?.({} as CloseEvent)
    vi.advanceTimersByTime(60_000)
    expect([one.state.get(), links.length]).toEqual([{ is: 'failed', error }, 3])
  })
})
