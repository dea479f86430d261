import { useEffect, useRef } from 'react'
import type { Shell } from '../../ui/shells'

/** Goes where the shell goes. */
export function useFollowed(shell: Shell | null, follow: boolean, go: (folder: string) => void): void {
  const latest = useRef(go)
  useEffect(() => {
    latest.current = go
  })
  useEffect(() => {
    if (shell === null || !follow) return
    const told = () => {
      const folder = shell.cwd.get()
      if (folder !== '') latest.current(folder)
    }
    shell.where()
    told()
    return shell.cwd.watch(told)
  }, [shell, follow])
}
