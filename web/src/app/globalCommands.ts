import { useCommands } from '../ui/commands'
import type { Console } from '../ui/console'

/** Commands that work wherever the focus stands. */
export function useGlobalCommands(console: Console): void {
  const { navigation, overlay, socket } = console
  useCommands(console.commands, {
    palette: () => overlay.set({ is: 'palette', text: '' }),
    go: () => overlay.set({ is: 'palette', text: ':' }),
    help: () => overlay.set({ is: 'help' }),
    'history.back': () => history.back(),
    'history.forward': () => history.forward(),
    'history.last': () => navigation.last(),
    reconnect: {
      run: socket.reconnect,
      reason: () => (socket.link.get().is === 'live' ? 'the connection is live' : null),
    },
  })
}
