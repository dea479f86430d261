import './tokens.css'
import './base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { Start } from './features/start/Start'
import { Console, ConsoleContext } from './ui/console'
import { ApiError, errorBody, session } from './wire/rest'
import { browser, Socket } from './wire/socket'

const host = document.getElementById('root')
if (host === null) throw new Error('index.html has no #root')
const root = createRoot(host)

async function start(): Promise<void> {
  // The socket is dialled while the session is fetched: one round trip less before the first rows.
  const socket = new Socket(browser(signedIn))
  socket.connect()
  try {
    const console = new Console(socket, await session())
    root.render(
      <StrictMode>
        <ConsoleContext value={console}>
          <App />
        </ConsoleContext>
      </StrictMode>,
    )
  } catch (error) {
    socket.close()
    root.render(<Start error={errorBody(error)} onRetry={() => void start()} />)
  }
}

/** False only when the server answered that it does not know us; an unreachable server is no answer. */
async function signedIn(): Promise<boolean> {
  try {
    await session()
    return true
  } catch (error) {
    return !(error instanceof ApiError) || error.status !== 401
  }
}

void start()
