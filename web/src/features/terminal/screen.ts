/** xterm and what it is joined with: one screen of one shell. */

import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { Unicode11Addon } from '@xterm/addon-unicode11'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { Terminal as Xterm } from '@xterm/xterm'
import { entryFor } from '../../lib/keys'
import { Store } from '../../lib/store'
import { type Asked, Terminal, type TerminalLink } from '../../wire/terminal'
import { fontOf, themeOf } from './look'
import { LENIENT, leniently } from './styles'

/** Lines that a paste may have before somebody is asked. */
const FEW = 1
/** After a line was entered, the shell may be elsewhere so much later. */
const SETTLED_MS = 250

export class Screen {
  readonly xterm: Xterm
  readonly terminal: Terminal
  /** A paste of many lines that waits for a yes. */
  readonly paste = new Store<string | null>(null)
  /** The title that the program gave. */
  readonly title = new Store('')
  readonly search = new SearchAddon()
  #fit = new FitAddon()
  #observer: ResizeObserver | null = null
  #settled = 0
  #ends: Array<() => void> = []

  constructor(dial: (asked: Asked) => TerminalLink, shell: string, dark: boolean) {
    this.xterm = new Xterm({
      allowProposedApi: true,
      documentOverride: LENIENT,
      fontFamily: fontOf(),
      fontSize: 13,
      lineHeight: 1.2,
      scrollback: 10_000,
      cursorBlink: false,
      macOptionIsMeta: true,
      theme: themeOf(dark),
      minimumContrastRatio: 4.5,
    })
    this.xterm.loadAddon(this.#fit)
    this.xterm.loadAddon(this.search)
    this.xterm.loadAddon(new Unicode11Addon())
    this.xterm.unicode.activeVersion = '11'
    this.xterm.loadAddon(new WebLinksAddon((_, url) => void window.open(url, '_blank', 'noopener,noreferrer')))
    this.terminal = new Terminal(dial, shell, {
      size: () => ({ cols: this.xterm.cols, rows: this.xterm.rows }),
      clear: () => this.xterm.reset(),
      write: (bytes, done) => this.xterm.write(bytes, done),
    })
    this.xterm.onData((text) => this.#typed(text))
    this.xterm.onBinary((text) => this.terminal.type(Uint8Array.from(text, (one) => one.charCodeAt(0))))
    this.xterm.onResize(({ cols, rows }) => this.terminal.resize(cols, rows))
    this.xterm.onTitleChange((title) => this.title.set(title))
    // OSC 7: the shell says by itself where it is.
    this.xterm.parser.registerOscHandler(7, (url) => {
      const path = pathOf(url)
      if (path !== null) this.terminal.cwd.set(path)
      return true
    })
    // Keys of the console's own table go on to the page, all others are the shell's: Esc too.
    this.xterm.attachCustomKeyEventHandler((event) => entryFor(event, 'terminal', true)?.scope !== 'terminal')
  }

  /** Draws in this element, as large as it is. */
  open(host: HTMLElement): void {
    leniently(() => this.xterm.open(host))
    this.fit()
    this.terminal.open()
    this.#observer = new ResizeObserver(() => this.fit())
    this.#observer.observe(host)
    const guard = (event: ClipboardEvent) => this.#pasted(event)
    const copied = () => this.#selected()
    host.addEventListener('paste', guard, { capture: true })
    host.addEventListener('mouseup', copied)
    this.#ends.push(() => {
      host.removeEventListener('paste', guard, { capture: true })
      host.removeEventListener('mouseup', copied)
    })
  }

  fit(): void {
    const host = this.xterm.element?.parentElement
    // Hidden, it keeps its size.
    if (host && host.clientWidth > 0 && host.clientHeight > 0) this.#fit.fit()
  }

  close(): void {
    clearTimeout(this.#settled)
    this.#observer?.disconnect()
    for (const end of this.#ends) end()
    this.terminal.close()
    this.xterm.dispose()
  }

  /** What stands on the screen and above it, as text. */
  text(): string {
    const { active } = this.xterm.buffer
    return Array.from({ length: active.length }, (_, at) => active.getLine(at)?.translateToString(true) ?? '').join(
      '\n',
    )
  }

  copy(): string {
    return this.xterm.getSelection()
  }

  /** The paste that waited. */
  agree(): void {
    const text = this.paste.get()
    this.paste.set(null)
    if (text !== null) this.xterm.paste(text)
    this.xterm.focus()
  }

  #typed(text: string): void {
    if (!this.terminal.type(text)) return
    if (!text.includes('\r')) return
    clearTimeout(this.#settled)
    this.#settled = window.setTimeout(this.terminal.where, SETTLED_MS)
  }

  #selected(): void {
    const text = this.xterm.getSelection()
    // A browser that refuses has its own way to copy.
    if (text !== '') void navigator.clipboard?.writeText(text).catch(() => undefined)
  }

  /** Many lines would run as they come, unless the program asked for pastes as such. */
  #pasted(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData('text/plain') ?? ''
    const lines = text.replace(/[\r\n]+$/, '').split(/\r\n|\r|\n/).length
    if (lines <= FEW || this.xterm.modes.bracketedPasteMode) return
    event.preventDefault()
    event.stopPropagation()
    this.paste.set(text)
  }
}

/** The path of `file://host/path`. */
export function pathOf(url: string): string | null {
  const found = /^file:\/\/[^/]*(\/.*)$/.exec(url)
  if (found?.[1] === undefined) return null
  try {
    return decodeURIComponent(found[1])
  } catch {
    return found[1]
  }
}
