import { afterEach, expect, test, vi } from 'vitest'
import { Wants } from '../../ui/wants'
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
  const uploads = new Uploads({ cluster: 'dev', namespace: 'lab', name: 'boat' }, new Wants(), done)
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

test('AC-82r what the policy wants is asked once for all that wait, and sent along', async () => {
  const wanted = { code: 'needs_unmet', message: 'a yes', request_id: 'r', details: { needs: [{ need: 'confirm' }] } }
  const asked = server([403, JSON.stringify(wanted)], GOOD, GOOD, [403, JSON.stringify(wanted)])
  const [wants, done] = [new Wants(), vi.fn()]
  const uploads = new Uploads({ cluster: 'live', namespace: 'lab', name: 'boat' }, wants, done)
  uploads.add('/home/ada', [new File(['cargo'], 'one.txt'), new File(['cargo'], 'two.txt')])
  await vi.waitFor(() => expect(wants.open.get()?.needs).toEqual([{ need: 'confirm' }]))
  wants.open.get()?.answer({ confirm: true, typed_name: '', reason: 'mine' })
  await vi.waitFor(() => expect(uploads.all.get()).toEqual([]))
  expect(asked.map(({ searchParams }) => searchParams.get('confirm'))).toEqual([null, 'true', 'true'])
  expect(asked.map(({ searchParams }) => searchParams.get('reason'))).toEqual([null, 'mine', 'mine'])
  // What comes later is asked for anew; left, it has failed.
  uploads.add('/home/ada', [new File(['cargo'], 'three.txt')])
  await vi.waitFor(() => expect(wants.open.get()).not.toBeNull())
  wants.open.get()?.answer(null)
  await sent(uploads)
  expect(uploads.all.get().map(({ is, error }) => [is, error?.code])).toEqual([['failed', 'needs_unmet']])
})

function conflict(): string {
  return JSON.stringify({ code: 'file_conflict', message: 'there is one already', request_id: 'r' })
}
