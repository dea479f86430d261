/** The packets of the flow of the record that is open: one socket for all parts of the pane that show bytes. */

import { useEffect, useState } from 'react'
import { useStore } from '../../../ui/console'
import { type Packets, packetsOf } from '../../../wire/packets'

/** Draws anew with whatever comes. */
export function usePackets(tap: string, flow: string): Packets {
  const [held, setHeld] = useState(() => ({ tap, flow, packets: packetsOf(tap, flow) }))
  let current = held
  if (held.tap !== tap || held.flow !== flow) {
    current = { tap, flow, packets: packetsOf(tap, flow) }
    setHeld(current)
  }
  const { packets } = current
  useEffect(() => {
    packets.open()
    return () => packets.close()
  }, [packets])
  useStore(packets.state)
  useStore(packets.changed)
  return packets
}
