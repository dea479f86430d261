import { useEffect, useState } from 'react'
import type { Clock } from '../wire/clock'

/** The server's time, each second. */
export function useNow(clock: Clock): number {
  const [now, setNow] = useState(clock.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(clock.now()), 1000)
    return () => clearInterval(timer)
  }, [clock])
  return now
}
