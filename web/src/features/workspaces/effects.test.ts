import { expect, test } from 'vitest'
import type { Workspace } from '../../wire/api'
import { effects, merged } from './effects'

const workspace = (more: Partial<Workspace>): Workspace =>
  ({
    phase: 'Running',
    error: '',
    spec: {},
    volumes: [{ name: 'home', claim: 'pvc-boat-home', type: 'local', size: '5Gi', used: '' }],
    ...more,
  }) as Workspace
const said = (...of: Parameters<typeof effects>) => effects(...of).map(({ shape, text }) => `${shape} ${text}`)

test('WL-08p stopping says that volumes stay, deleting what becomes of them', () => {
  expect(said('stop', workspace({}))).toEqual([
    '▲ Its shells, programs and connections end.',
    '◆ Only its pod goes; the volumes stay: home (5Gi).',
  ])
  const stays = (words: string) => [`◆ Its volumes stay${words}, for one of its name: home (5Gi).`]
  expect(said('delete', workspace({ phase: 'Stopped' }))).toEqual(stays(' for 168h'))
  for (const [retainFor, words] of [
    ['2h', ' for 2h'],
    ['0', ''],
  ] as const)
    expect(said('delete', workspace({ phase: 'Stopped', spec: { storage: { retainFor } } }))).toEqual(stays(words))
  const gone = workspace({ phase: 'Stopped', spec: { storage: { onDelete: 'Delete' } } })
  expect(said('delete', workspace({ phase: 'Stopped' }), true), 'what a purge means').toEqual(said('delete', gone))
  expect(said('delete', gone)).toEqual(['▲ Its volumes are deleted with it, and what is in them: home (5Gi).'])
})

test('a need of several workspaces is asked once', () => {
  const one = { need: 'typed_name' as const, name: 'boat' }
  expect(merged([one, { ...one }, { need: 'confirm' }])).toEqual([one, { need: 'confirm' }])
})
