/** What can be done where: handlers by command id. Keys, menus and the palette all run commands through here. */

import { useEffect, useRef } from 'react'
import { Store } from '../lib/store'

export interface Command {
  run(): void
  /** Why it cannot run now, if it cannot. */
  reason?(): string | null
}

export class Commands {
  readonly #commands = new Map<string, Command>()
  readonly changed = new Store(0)

  register(id: string, command: Command): () => void {
    this.#commands.set(id, command)
    this.changed.update((count) => count + 1)
    return () => {
      if (this.#commands.get(id) !== command) return
      this.#commands.delete(id)
      this.changed.update((count) => count + 1)
    }
  }

  has(id: string): boolean {
    return this.#commands.has(id)
  }

  /** Why `id` cannot run, or null. */
  reason(id: string): string | null {
    return this.#commands.get(id)?.reason?.() ?? null
  }

  /** Runs it; false when nobody here knows it or it cannot run now. */
  run(id: string): boolean {
    const command = this.#commands.get(id)
    if (command === undefined || command.reason?.()) return false
    command.run()
    return true
  }
}

/** Registers commands while a component is on the screen; the newest closures are the ones that run. */
export function useCommands(commands: Commands, table: Readonly<Record<string, (() => void) | Command>>): void {
  const current = useRef(table)
  useEffect(() => {
    current.current = table
  })
  const ids = Object.keys(table).join(' ')
  useEffect(() => {
    const release = ids.split(' ').map((id) => {
      const now = (): Command => {
        const entry = current.current[id]
        return typeof entry === 'function' ? { run: entry } : (entry ?? { run: () => {} })
      }
      return commands.register(id, { run: () => now().run(), reason: () => now().reason?.() ?? null })
    })
    return () => {
      for (const end of release) end()
    }
  }, [commands, ids])
}
