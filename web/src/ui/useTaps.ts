import { useEffect, useState } from 'react'
import { useConsole } from './console'
import { isOver, type TapRow, tapRows } from './taps'

/** The taps that run, live. */
export function useRunningTaps(): TapRow[] {
  const { taps } = useConsole()
  const read = () => tapRows(taps).filter(({ state }) => !isOver(state))
  const [running, setRunning] = useState(read)
  useEffect(() => {
    const update = () =>
      setRunning((before) => {
        const now = tapRows(taps).filter(({ state }) => !isOver(state))
        return JSON.stringify(now) === JSON.stringify(before) ? before : now
      })
    update()
    return taps.watchFrames(update)
  }, [taps])
  return running
}
