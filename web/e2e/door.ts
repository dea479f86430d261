/** A real API server behind a door that can be made to fail: `kubectl proxy` does the credentials, this does the faults. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What happens to the next answer whose path has all the marks. */
export interface Fault {
  marks: readonly string[]
  /** The server has forgotten the version that a watch was to go on from. */
  gone?: true
  /** The server asks to be left alone for so many seconds. */
  busy?: number
  /** Where this text stands in the answer, the byte two before it becomes `byte`. */
  damage?: { text: string; byte: number }
}

export class Door {
  readonly folder = mkdtempSync(join(tmpdir(), 'qd-door-'))
  readonly kubeconfig = join(this.folder, 'kubeconfig')
  readonly faults: Fault[] = []
  #proxy: ChildProcess
  #server: Server

  static async open(user?: { as: string; namespace: string }): Promise<Door> {
    const kubectl = process.env['KUBECTL'] ?? 'kubectl'
    const kubeconfig = process.env['QD_E2E_KUBECONFIG'] ?? ''
    const proxy = spawn(kubectl, ['--kubeconfig', kubeconfig, 'proxy', '--port=0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface(proxy.stdout)
    const said = await new Promise<string>((done) => lines.once('line', done))
    const door = new Door(proxy, Number(said.split(':').at(-1)))
    await new Promise<void>((done) => door.#server.listen(0, '127.0.0.1', done))
    const address = door.#server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'door',
      clusters: [{ name: 'door', cluster: { server: `http://127.0.0.1:${address.port}` } }],
      users: [{ name: 'door', user: user === undefined ? {} : { as: user.as } }],
      contexts: [{ name: 'door', context: { cluster: 'door', user: 'door', namespace: user?.namespace ?? 'default' } }],
    }
    writeFileSync(door.kubeconfig, JSON.stringify(config))
    return door
  }

  private constructor(proxy: ChildProcess, port: number) {
    this.#proxy = proxy
    this.#server = createServer((asked, answer) => {
      const path = asked.url ?? '/'
      const at = this.faults.findIndex(({ marks }) => marks.every((mark) => path.includes(mark)))
      const [fault] = at < 0 ? [] : this.faults.splice(at, 1)
      if (fault?.gone) {
        const object = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 }
        answer.writeHead(200, { 'content-type': 'application/json' })
        answer.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
        return
      }
      if (fault?.busy !== undefined) {
        answer.writeHead(429, { 'retry-after': String(fault.busy) })
        answer.end()
        return
      }
      const { headers, method } = asked
      const onward = request({ port, path, method, headers: { ...headers, host: `127.0.0.1:${port}` } }, (from) => {
        answer.writeHead(from.statusCode ?? 502, from.headers)
        // A watch begins with its head, long before its first event.
        answer.flushHeaders()
        from.on('data', (bytes: Buffer) =>
          answer.write(fault?.damage === undefined ? bytes : hurt(bytes, fault.damage)),
        )
        from.on('end', () => answer.end())
        from.on('error', () => answer.destroy())
      })
      onward.on('error', () => answer.destroy())
      answer.on('close', () => onward.destroy())
      asked.pipe(onward)
    })
  }

  /** Breaks every connection. */
  sever(): void {
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done))
    this.sever()
    await closed
    this.#proxy.kill()
    rmSync(this.folder, { recursive: true })
  }
}

function hurt(bytes: Buffer, { text, byte }: { text: string; byte: number }): Buffer {
  const out = Buffer.from(bytes)
  for (let at = bytes.indexOf(text); at >= 2; at = bytes.indexOf(text, at + 1)) out[at - 2] = byte
  return out
}
