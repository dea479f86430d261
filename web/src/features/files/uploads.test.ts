import { afterEach, expect, test, vi } from 'vitest'
import { Uploads } from './uploads'

afterEach(() => vi.unstubAllGlobals())

/** Answers the requests in turn, and tells which were made. */
function server(...answers: Array<[status: number, body: string]>): URL[] {
  const asked: URL[] = []
  vi.stubGlobal('fetch', async (to: string) => {
    asked.push(new URL(to, 'http://console.invalid'))
    const [status, body] = answers[asked.length - 1] ?? [500, '']
    return new Response(body, { status })
  })
  return asked
}
const GOOD: [number, string] = [200, JSON.stringify({ have: 5, whole: true })]
const sent = (uploads: Uploads) =>
  vi.waitFor(() => expect(uploads.all.get().map(({ is }) => is)).not.toContain('going'))

test('AC-82n what failed is tried again, and takes the place of nothing that has come since', async () => {
  const asked = server([502, 'a proxy, not the console'], [409, conflict()], GOOD)
  const done = vi.fn()
  const uploads = new Uploads({ cluster: 'dev', namespace: 'lab', name: 'boat' }, done)
  uploads.add('/home/ada', [new File(['cargo'], 'crate.txt')])
  await sent(uploads)
  const [first] = uploads.all.get()
  expect([first?.is, first?.error?.code]).toEqual(['failed', 'gateway_answer'])
  uploads.again(first?.id ?? 0)
  await sent(uploads)
  expect(uploads.all.get().map(({ is }) => is)).toEqual(['exists'])
  uploads.again(first?.id ?? 0)
  await vi.waitFor(() => expect(done).toHaveBeenCalledOnce())
  expect(uploads.all.get()).toEqual([])
  expect(asked.map(({ searchParams }) => searchParams.get('keep'))).toEqual(['true', 'true', null])
  expect(asked.map(({ pathname }) => pathname)).toEqual(Array(3).fill('/api/v1/workspaces/lab/boat/files'))
})

function conflict(): string {
  return JSON.stringify({ code: 'file_conflict', message: 'there is one already', request_id: 'r' })
}
