import { useCommands } from '../ui/commands'
import type { Console } from '../ui/console'

/** Commands that work wherever the focus stands. */
export function useGlobalCommands(console: Console): void {
  const { navigation, overlay, socket } = console
  useCommands(console.commands, {
    palette: () => overlay.set({ is: 'palette', text: '' }),
    go: () => overlay.set({ is: 'palette', text: ':' }),
    traffic: () => navigation.traffic({ tap: null, record: null, chip: '' }, { filter: '', sort: [] }),
    workspaces: () => navigation.workspaces({ open: null, launch: false, jobs: false }, { filter: '', sort: [] }),
    launch: () => navigation.workspaces({ open: null, launch: true, blueprint: '' }, { filter: '', sort: [] }),
    kubeconfig: () => overlay.set({ is: 'kubeconfig' }),
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
