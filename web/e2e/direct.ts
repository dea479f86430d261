/** The API server without a program in between: many changes in little time, and the moment at which each was made. */

import { readFileSync, statSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { on } from './kubectl'

export interface Direct {
  /** Merges a change into an object; epoch milliseconds at which the API server had answered. */
  patch(path: string, change: object): Promise<number>
  close(): void
}

/** As the administrator of a kubeconfig. */
export function direct(kubeconfig: string): Direct {
  const config = JSON.parse(on(kubeconfig, ['config', 'view', '--raw', '--flatten', '-o', 'json'])) as {
    clusters: Array<{ cluster: Record<string, string> }>
    users: Array<{ user: Record<string, string> }>
  }
  const cluster = config.clusters[0]?.cluster ?? {}
  const user = config.users[0]?.user ?? {}
  const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64')
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 16,
    ca: bytes(cluster['certificate-authority-data']),
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
  })
  return {
    patch: (path, change) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/merge-patch+json' }
        const call = request(`${cluster['server']}${path}`, { method: 'PATCH', agent, headers }, (answer) => {
          const at = Date.now()
          let text = ''
          answer.on('data', (part) => {
            text += part
          })
          answer.on('end', () => (answer.statusCode === 200 ? resolve(at) : reject(new Error(`${path}: ${text}`))))
        })
        call.on('error', reject)
        call.end(JSON.stringify(change))
      }),
    close: () => agent.destroy(),
  }
}

/** One line of the API server's audit log. */
export interface Audited {
  verb: string
  userAgent?: string
  impersonatedUser?: { username: string }
  requestURI: string
  objectRef?: { resource?: string; namespace?: string; name?: string }
}

const log = () => {
  const path = process.env['QD_E2E_AUDIT_LOG']
  if (path === undefined) throw new Error('set QD_E2E_AUDIT_LOG: `cargo xtask test e2e` does')
  return path
}

/** How long the audit log is now. */
export const auditMark = (): number => statSync(log()).size

/** What `qd` asked the API server for since a mark. */
export function audited(mark: number): Audited[] {
  const text = readFileSync(log()).subarray(mark).toString('utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  const lines = whole.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Audited).filter((line) => line.userAgent?.startsWith('qd/'))
}
